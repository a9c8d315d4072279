//! How soon a page shows what it is about, and how long it keeps a reader waiting,
//! on a processor slowed down four times. It prints, and fails for nothing slow.

use super::driver::Browser;

/// How much slower the processor is made.
const SLOWDOWN: u32 = 4;
const TRIES: usize = 5;

/// Prints the figures of pages: median and worst of some visits, nothing cached.
pub(crate) async fn print(browser: &Browser, root: &str, pages: &[String]) {
    browser.slow_down(SLOWDOWN).await;
    println!("CPU slowed down {SLOWDOWN} times; {TRIES} visits each, nothing cached");
    for page in pages {
        let mut visits = Vec::new();
        for _ in 0..TRIES {
            browser.open("about:blank").await;
            browser.open(&format!("{root}/{page}")).await;
            visits.push(visit(browser).await);
        }
        let of = |index: usize| {
            let mut all: Vec<f64> = visits.iter().map(|visit| visit[index]).collect();
            all.sort_by(f64::total_cmp);
            (all[TRIES / 2], all[TRIES - 1])
        };
        let (paint, blocked, bytes) = (of(0), of(1), of(2).0);
        println!(
            "{page}: largest contentful paint {:.0} ms (worst {:.0}), blocked {:.0} ms (worst \
             {:.0}), {bytes:.0} bytes unzipped",
            paint.0, paint.1, blocked.0, blocked.1
        );
    }
    browser.slow_down(1).await;
}

/// Largest contentful paint and the sum of what tasks took above 50 ms, both in
/// milliseconds; bytes of the page and all it loads.
async fn visit(browser: &Browser) -> Vec<f64> {
    let script = "const done = arguments[arguments.length - 1];
        let [paint, blocked] = [0, 0];
        const see = (type, take) => new PerformanceObserver(
            (list) => list.getEntries().forEach(take)).observe({ type, buffered: true });
        see('largest-contentful-paint', (entry) => { paint = Math.max(paint, entry.startTime); });
        see('longtask', (entry) => { blocked += Math.max(0, entry.duration - 50); });
        setTimeout(() => {
            const loaded = [...performance.getEntriesByType('navigation'),
                ...performance.getEntriesByType('resource')];
            const bytes = loaded.reduce((sum, one) => sum + one.transferSize, 0);
            done([paint, blocked, bytes]);
        }, 1000);";
    let seen = browser.run_async(script).await;
    seen.as_array().unwrap().iter().map(|one| one.as_f64().unwrap()).collect()
}
