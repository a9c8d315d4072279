//! Builds the made-up site of the tests into a folder, with every run or, as
//! on a newcomer's machine, only a quick one; and serves it when asked to:
//! `cargo run -p site --example fixture -- OUT all|quick [ADDR]`.

#![allow(clippy::unwrap_used, reason = "a made-up site that cannot be made is a mistake here")]

#[path = "../tests/fixture/mod.rs"]
mod fixture;

use anyhow::{Context as _, bail};
use site::SiteBuilder;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(out), Some(which)) = (arguments.next(), arguments.next()) else {
        bail!("usage: fixture OUT all|quick [ADDR]");
    };
    let inputs = fixture::all_inputs();
    let runs = if which == "quick" { vec![fixture::first_run()] } else { fixture::all_runs() };
    let entries = fixture::entries(&runs);
    let mut builder = SiteBuilder::start(&inputs, entries, out.as_ref(), None, fixture::now())?;
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
