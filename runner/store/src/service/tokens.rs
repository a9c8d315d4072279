//! Tokens: a public name and the digest of a secret. It must not see a secret.

use crate::encoding;
use crate::error::{Fault, StoreError};
use crate::open::Store;
use jiff::Timestamp;
use model::Digest;

/// What a token permits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// To upload results.
    Upload,
    /// To submit, lease and end jobs.
    Jobs,
    /// To cancel the jobs of others, and to read the books.
    Admin,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 3] = [Self::Upload, Self::Jobs, Self::Admin];

    /// The word used everywhere.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::Jobs => "jobs",
            Self::Admin => "admin",
        }
    }

    /// The scope of a word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.word() == word)
    }
}

/// A token to be made.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// Twelve lower-case letters and digits.
    pub name: String,
    /// Digest of its secret.
    pub secret_sha256: Digest,
    /// Whose it is.
    pub about: String,
    /// What it permits.
    pub scopes: Vec<Scope>,
    /// The epoch it is bound to.
    pub testbed: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A token that was made.
#[derive(Debug, Clone)]
pub struct Token {
    /// Its row, for what refers to it.
    pub(crate) id: i64,
    /// Its public name.
    pub name: String,
    /// Digest of its secret.
    pub secret_sha256: Digest,
    /// Whose it is.
    pub about: String,
    /// What it permits.
    pub scopes: Vec<Scope>,
    /// The epoch it is bound to.
    pub testbed: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
}

impl Token {
    /// Whether it permits anything at that time.
    #[must_use]
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }

    /// Whether it permits this.
    #[must_use]
    pub fn permits(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }
}

macro_rules! token_of {
    ($row:expr) => {{
        let row = $row;
        Ok::<Token, Fault>(Token {
            id: row.id,
            secret_sha256: encoding::digest(&row.secret_sha256)?,
            about: row.about,
            scopes: scopes(&row.scopes)?,
            testbed: row.testbed,
            created_at: encoding::timestamp(row.created_at_ns)?,
            expires_at: encoding::timestamp(row.expires_at_ns)?,
            revoked_at: row.revoked_at_ns.map(encoding::timestamp).transpose()?,
            name: row.name,
        })
    }};
}

impl Store {
    /// Makes a token.
    ///
    /// # Errors
    /// When there is one of that name, or writing fails.
    pub async fn create_token(&self, token: &NewToken) -> Result<(), StoreError> {
        let doing = "making a token";
        let mut db = self.writing(doing).await?;
        let secret = token.secret_sha256.to_string();
        let words: Vec<&str> = token.scopes.iter().map(|scope| scope.word()).collect();
        let words = words.join(" ");
        let times = [("created_at", token.created_at), ("expires_at", token.expires_at)];
        let [created, expires] = times.map(|(field, time)| encoding::timestamp_ns(field, time));
        let (created, expires) =
            (created.map_err(self.fault(doing))?, expires.map_err(self.fault(doing))?);
        sqlx::query!(
            "INSERT INTO token (name, secret_sha256, about, scopes, testbed, created_at_ns, expires_at_ns)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            token.name,
            secret,
            token.about,
            words,
            token.testbed,
            created,
            expires,
        )
        .execute(&mut *db)
        .await
        .map_err(|error| self.fault(doing)(error.into()))?;
        db.commit().await.map_err(|error| self.fault(doing)(error.into()))
    }

    /// The token of that name, whether it still permits anything or not.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn token(&self, name: &str) -> Result<Option<Token>, StoreError> {
        let mut db = self.reading().await?;
        let row = sqlx::query!(
            r#"SELECT id AS "id!", name, secret_sha256, about, scopes, testbed, created_at_ns,
                expires_at_ns, revoked_at_ns
            FROM token WHERE name = ?1"#,
            name,
        )
        .fetch_optional(&mut *db)
        .await
        .map_err(|error| self.fault("reading a token")(error.into()))?;
        let token = row.map(|row| token_of!(row)).transpose();
        token.map_err(self.fault("reading a token"))
    }

    /// Every token, the newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn tokens(&self) -> Result<Vec<Token>, StoreError> {
        let mut db = self.reading().await?;
        let rows = sqlx::query!(
            r#"SELECT id AS "id!", name, secret_sha256, about, scopes, testbed, created_at_ns,
                expires_at_ns, revoked_at_ns
            FROM token ORDER BY id DESC"#
        )
        .fetch_all(&mut *db)
        .await
        .map_err(|error| self.fault("listing tokens")(error.into()))?;
        let tokens: Result<Vec<Token>, Fault> =
            rows.into_iter().map(|row| token_of!(row)).collect();
        tokens.map_err(self.fault("listing tokens"))
    }

    /// Revokes a token; false when there is none of that name that could be.
    ///
    /// # Errors
    /// When writing fails.
    pub async fn revoke_token(&self, name: &str, now: Timestamp) -> Result<bool, StoreError> {
        let doing = "revoking a token";
        let mut db = self.writing(doing).await?;
        let now = encoding::timestamp_ns("revoked_at", now).map_err(self.fault(doing))?;
        let done = sqlx::query!(
            "UPDATE token SET revoked_at_ns = ?2 WHERE name = ?1 AND revoked_at_ns IS NULL",
            name,
            now,
        )
        .execute(&mut *db)
        .await
        .map_err(|error| self.fault(doing)(error.into()))?;
        db.commit().await.map_err(|error| self.fault(doing)(error.into()))?;
        Ok(done.rows_affected() == 1)
    }
}

fn scopes(words: &str) -> Result<Vec<Scope>, Fault> {
    let scope = |word| Scope::named(word).ok_or_else(|| Fault::Damaged(format!("scope `{word}`")));
    words.split_whitespace().map(scope).collect()
}
