//! `selvedge-counts` lists the pieces of work; with the name of one it does that.

use selvedge_bench::cases::CASES;

fn main() {
    let Some(wanted) = std::env::args().nth(1) else {
        CASES.iter().for_each(|(name, _)| println!("{name}"));
        return;
    };
    let found = CASES.iter().find(|(name, _)| *name == wanted);
    let (_, work) = found.unwrap_or_else(|| panic!("no work is called {wanted}"));
    work();
}
