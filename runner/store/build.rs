//! Applies the migrations to a fresh SQLite file in `OUT_DIR` and points the
//! query macros at it: every query is checked against exactly the migrations
//! in this checkout, without a committed database or `.sqlx` folder.
//!
//! The variables set here reach only the compiler of this crate, and go before
//! what the caller's environment or a `.env` file says under the same names.

use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use std::error::Error;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=migrations");
    let out_dir = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    let database = out_dir.join("schema.sqlite");
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?
        .block_on(create(&database))?;
    println!("cargo:rustc-env=DATABASE_URL=sqlite:{}", url_path(&database)?);
    // Else a caller's `SQLX_OFFLINE=true` would ask for a `.sqlx` folder, and
    // their `SQLX_OFFLINE_DIR` would be filled with our queries.
    println!("cargo:rustc-env=SQLX_OFFLINE=false");
    println!("cargo:rustc-env=SQLX_OFFLINE_DIR={}", out_dir.display());
    Ok(())
}

async fn create(database: &Path) -> Result<(), Box<dyn Error>> {
    if database.exists() {
        std::fs::remove_file(database)?;
    }
    let options = SqliteConnectOptions::new().filename(database).create_if_missing(true);
    let mut connection = options.connect().await?;
    Migrator::new(Path::new("migrations")).await?.run(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

/// The path as it stands in a URL, where these characters mean something.
fn url_path(path: &Path) -> Result<String, Box<dyn Error>> {
    let text = path.to_str().ok_or("the target folder's name is not UTF-8")?;
    Ok(text.replace('%', "%25").replace('?', "%3F").replace('#', "%23").replace(' ', "%20"))
}
