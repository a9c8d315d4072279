//! Builds the made-up site of the tests into a folder, and serves it when
//! asked to: `cargo run -p site --example fixture -- OUT [ADDR]`.

#[path = "../tests/fixture/mod.rs"]
mod fixture;

use anyhow::{Context as _, bail};
use site::SiteBuilder;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let Some(out) = arguments.next() else { bail!("usage: fixture OUT [ADDR]") };
    let (suites, config, runs) = (fixture::suites(), fixture::config(), fixture::runs());
    let entries = fixture::entries(&runs);
    let mut builder =
        SiteBuilder::start(&suites, &config, entries, out.as_ref(), fixture::now())?;
    for run in &runs {
        builder.add_run(run)?;
    }
    let built = builder.finish()?;
    println!("{} files in {out}", built.files);
    if let Some(addr) = arguments.next() {
        let listener = tokio::net::TcpListener::bind(&addr)
            .await
            .with_context(|| format!("listening on {addr}"))?;
        println!("http://{}", listener.local_addr()?);
        site::serve(listener, out.into(), std::future::pending()).await?;
    }
    Ok(())
}
