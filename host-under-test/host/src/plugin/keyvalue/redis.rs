//! Buckets in a Redis server. A bucket is a prefix of keys, so that several
//! share a server; one connection carries the calls of all callers.

use super::{Answer, Bucket, KeyValue, KeyValueError, Keys, not_a_number};
use crate::error::{Error, Result};
use crate::plugin::Caller;
use futures_util::FutureExt;
use futures_util::future::ready;
use redis::aio::ConnectionManager;
use redis::{AsyncCommands, ErrorKind, RedisError, ServerErrorKind};
use std::sync::Arc;

/// All buckets of one entry of `hostInterfaces`.
pub struct RedisStore {
    connection: ConnectionManager,
}

struct RedisBucket {
    connection: ConnectionManager,
    prefix: String,
}

/// How many keys a server looks at for a page.
const SCAN_COUNT: usize = 10_000;

impl RedisStore {
    /// Connects to `redis://host:port/database`, and again whenever that breaks.
    ///
    /// # Errors
    /// When the URL makes no sense or nobody answers there.
    pub async fn connect(url: &str) -> Result<Self> {
        let client = redis::Client::open(url)
            .map_err(|e| Error::Input(format!("config.url of wasi:keyvalue: {e}")))?;
        let connection = ConnectionManager::new(client).await.map_err(|e| {
            Error::Runtime(format!("connecting to Redis for wasi:keyvalue (see config.url): {e}"))
        })?;
        Ok(Self { connection })
    }
}

impl KeyValue for RedisStore {
    fn open<'a>(&'a self, _: &'a Caller, bucket: &'a str) -> Answer<'a, Arc<dyn Bucket>> {
        let connection = self.connection.clone();
        // The length goes first: no bucket's keys look like another one's.
        let prefix = format!("{}:{bucket}:", bucket.len());
        let bucket: Arc<dyn Bucket> = Arc::new(RedisBucket { connection, prefix });
        ready(Ok(bucket)).boxed()
    }
}

impl RedisBucket {
    fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }
}

impl Bucket for RedisBucket {
    fn get(&self, key: String) -> Answer<'_, Option<Vec<u8>>> {
        let (mut connection, key) = (self.connection.clone(), self.key(&key));
        async move { Ok(connection.get(key).await?) }.boxed()
    }

    fn set(&self, key: String, value: Vec<u8>) -> Answer<'_, ()> {
        let (mut connection, key) = (self.connection.clone(), self.key(&key));
        async move { Ok(connection.set(key, value).await?) }.boxed()
    }

    fn delete(&self, key: String) -> Answer<'_, ()> {
        let (mut connection, key) = (self.connection.clone(), self.key(&key));
        async move { Ok(connection.del(key).await?) }.boxed()
    }

    fn exists(&self, key: String) -> Answer<'_, bool> {
        let (mut connection, key) = (self.connection.clone(), self.key(&key));
        async move { Ok(connection.exists(key).await?) }.boxed()
    }

    fn list_keys(&self, cursor: Option<u64>) -> Answer<'_, Keys> {
        let mut connection = self.connection.clone();
        async move {
            let (next, found): (u64, Vec<String>) = redis::cmd("SCAN")
                .arg(cursor.unwrap_or(0))
                .arg("MATCH")
                .arg(pattern(&self.prefix))
                .arg("COUNT")
                .arg(SCAN_COUNT)
                .query_async(&mut connection)
                .await?;
            let keys = found.iter().filter_map(|key| key.strip_prefix(&self.prefix));
            let keys = keys.map(str::to_owned).collect();
            Ok(Keys { keys, cursor: (next != 0).then_some(next) })
        }
        .boxed()
    }

    fn increment(&self, key: String, delta: u64) -> Answer<'_, u64> {
        let (mut connection, key) = (self.connection.clone(), self.key(&key));
        async move {
            let delta = i64::try_from(delta).map_err(|_| not_a_number())?;
            let refused = |error: &RedisError| {
                error.kind() == ErrorKind::Server(ServerErrorKind::ResponseError)
            };
            let counted: std::result::Result<i64, RedisError> = connection.incr(&key, delta).await;
            let counted = match counted {
                Err(error) if refused(&error) => {
                    let mut script = redis::cmd("EVAL");
                    script.arg(INCREMENT).arg(1).arg(&key).arg(delta);
                    script.query_async(&mut connection).await
                }
                other => other,
            };
            let sum: i64 = counted.map_err(|error| match refused(&error) {
                true => not_a_number(),
                false => error.into(),
            })?;
            u64::try_from(sum).map_err(|_| not_a_number())
        }
        .boxed()
    }
}

/// Redis counts only numbers without leading zeros and a plus sign; every other
/// store counts those too.
const INCREMENT: &str = r"
local sign, digits = string.match(redis.call('GET', KEYS[1]), '^([+-]?)0*(%d+)$')
if digits then
    if sign == '+' or digits == '0' then sign = '' end
    redis.call('SET', KEYS[1], sign .. digits)
end
return redis.call('INCRBY', KEYS[1], ARGV[1])
";

/// What `SCAN` takes for "begins with".
fn pattern(prefix: &str) -> String {
    let mut pattern = String::with_capacity(prefix.len() + 1);
    for letter in prefix.chars() {
        if "*?[]\\".contains(letter) {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('*');
    pattern
}

impl From<RedisError> for KeyValueError {
    /// Without the address, which is none of the guest's business.
    fn from(error: RedisError) -> Self {
        Self::Other(format!("Redis: {}", error.category()))
    }
}
