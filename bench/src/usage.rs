//! What processes use, as the kernel counts it under `/proc`.

use std::time::{Duration, Instant};

use crate::Failure;

/// A clock tick in `/proc`: a hundredth of a second, `USER_HZ`, a constant of the kernel's interface.
const TICK_MS: u64 = 10;

/// What one process has used so far.
#[derive(Clone, Debug)]
struct Stat {
    name: String,
    parent: u32,
    /// Its own time, in user and in kernel mode.
    own_ticks: u64,
    /// That of its children that have ended.
    children_ticks: u64,
}

impl Stat {
    fn read(pid: u32) -> Option<Self> {
        Self::parse(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    /// "1 (name) S 0 …": the name may contain anything, so what follows is counted from its end.
    fn parse(text: &str) -> Option<Self> {
        let (head, tail) = text.rsplit_once(") ")?;
        let (_, name) = head.split_once(" (")?;
        let fields: Vec<&str> = tail.split(' ').collect();
        let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
        Some(Self {
            name: name.to_owned(),
            parent: number(1)?.try_into().ok()?,
            own_ticks: number(11)? + number(12)?,
            children_ticks: number(13)? + number(14)?,
        })
    }
}

fn duration(ticks: u64) -> Duration {
    Duration::from_millis(ticks * TICK_MS)
}

/// The CPU time that processes have used together.
pub fn cpu(pids: &[u32]) -> Result<Duration, Failure> {
    let mut ticks = 0;
    for pid in pids {
        ticks +=
            Stat::read(*pid).ok_or_else(|| format!("process {pid} is gone, or there is no /proc"))?.own_ticks;
    }
    Ok(duration(ticks))
}

/// The CPU time that a process and all its children have used, those included that have ended.
pub fn cpu_of_family(parent: u32) -> Option<Duration> {
    let own = Stat::read(parent)?;
    let pids =
        std::fs::read_dir("/proc").ok()?.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let children =
        pids.filter_map(Stat::read).filter(|stat| stat.parent == parent).map(|stat| stat.own_ticks);
    Some(duration(own.own_ticks + own.children_ticks + children.sum::<u64>()))
}

/// The CPU time that everything on this machine has used; `None` without a `/proc/stat` to read.
pub fn cpu_of_machine() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/stat").ok()?;
    // "cpu user nice system idle iowait irq softirq steal …"; what guests use is counted in "user" already.
    let fields: Vec<u64> =
        text.lines().next()?.split_whitespace().filter_map(|field| field.parse().ok()).collect();
    let waits = |index: &usize| [3, 4].contains(index);
    let busy = fields.iter().take(8).enumerate().filter(|(index, _)| !waits(index)).map(|(_, ticks)| ticks);
    Some(duration(busy.sum()))
}

/// The parent of a process on this machine that has this name, or one that begins so.
pub fn parent(pid: u32, name: &str) -> Option<u32> {
    Stat::read(pid).filter(|stat| stat.name.starts_with(name)).map(|stat| stat.parent)
}

/// The most memory that a process has held so far, in MiB.
pub fn peak_memory_mib(pid: u32) -> Result<f64, Failure> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM in /proc")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib / 1024.0)
}

/// What the rest of the machine does while we measure: with much of it, figures are worth little.
pub struct Others {
    since: Instant,
    before: Option<Duration>,
}

impl Others {
    /// Begins to watch. Ours is what this process and its children use, and `besides`, the CPU time so far of
    /// processes that are ours without being our children; `None` when that cannot be told.
    pub fn watch(besides: Option<Duration>) -> Self {
        Self { since: Instant::now(), before: Self::cpu(besides) }
    }

    fn cpu(besides: Option<Duration>) -> Option<Duration> {
        let ours = cpu_of_family(std::process::id())? + besides?;
        Some(cpu_of_machine()?.saturating_sub(ours))
    }

    /// How much of the machine they took until now, in per cent.
    pub fn percent(&self, besides: Option<Duration>) -> Option<f64> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from) as f64;
        let used = Self::cpu(besides)?.saturating_sub(self.before?).as_secs_f64();
        Some(100.0 * used / self.since.elapsed().as_secs_f64() / cores)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_and_spaces_hides_nothing() {
        let stat = Stat::parse("7 (a) b (c)) S 1 7 7 0 -1 4194560 1 2 3 4 50 60 70 80 20 0 1 0").unwrap();
        assert_eq!((stat.name.as_str(), stat.parent), ("a) b (c)", 1));
        assert_eq!((stat.own_ticks, stat.children_ticks), (110, 150));
        assert_eq!(duration(150), Duration::from_millis(1500));
    }
}
