//! Threads that share the tasks of a product. A frame is made of some two hundred products that follow each other
//! within microseconds: between them the threads stay awake, and only sleep when nothing comes for a while.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, OnceLock, PoisonError, TryLockError};
use std::time::{Duration, Instant};

/// How long a thread waits awake.
const AWAKE: Duration = Duration::from_micros(200);
/// Looks at the state between two looks at the clock.
const LOOKS: usize = 64;

/// Calls `task` with every number below `tasks`, on as many threads as rayon would use, this one among them. When the
/// others are taken, by another request or by the caller of this very call, this one does everything.
pub(super) fn each(tasks: usize, task: &(dyn Fn(usize) + Sync)) {
    static TEAM: OnceLock<Option<Team>> = OnceLock::new();
    let team = if tasks > 1 { TEAM.get_or_init(|| Team::start(rayon::current_num_threads())).as_ref() } else { None };
    match team {
        Some(team) => team.run(tasks, task),
        None => (0..tasks).for_each(task),
    }
}

/// As [`each`], with every one of some items.
pub(super) fn each_of<T: Send>(items: impl Iterator<Item = T>, task: impl Fn(T) + Sync) {
    let items: Vec<Mutex<Option<T>>> = items.map(|item| Mutex::new(Some(item))).collect();
    each(items.len(), &|number| {
        let item = items[number].lock().unwrap_or_else(PoisonError::into_inner).take();
        item.into_iter().for_each(&task);
    });
}

type Panic = Box<dyn Any + Send>;

struct Team {
    /// Held while the others work for someone.
    turn: Mutex<()>,
    board: &'static Board,
}

/// What all threads look at.
struct Board {
    /// The round, whether its tasks may be joined, and how many have: [`ROUND`], [`OPEN`], and the bits below.
    state: AtomicU64,
    /// The tasks of the round; written by whoever has the turn, while nobody can join.
    tasks: Mutex<Option<Tasks>>,
    next: AtomicUsize,
    asleep: AtomicUsize,
    bed: Mutex<()>,
    wake: Condvar,
    failed: AtomicBool,
    failure: Mutex<Option<Panic>>,
}

const OPEN: u64 = 1 << 16;
const ROUND: u64 = 1 << 17;

#[derive(Clone, Copy)]
struct Tasks {
    count: usize,
    task: *const (dyn Fn(usize) + Sync),
}

// SAFETY: the function may be called from any thread, and whoever published it waits until nobody can call it any more.
unsafe impl Send for Tasks {}

impl Team {
    /// `None` when there would be nobody but the caller.
    fn start(threads: usize) -> Option<Self> {
        let board: &'static Board = Box::leak(Box::new(Board {
            state: AtomicU64::new(0),
            tasks: Mutex::new(None),
            next: AtomicUsize::new(0),
            asleep: AtomicUsize::new(0),
            bed: Mutex::new(()),
            wake: Condvar::new(),
            failed: AtomicBool::new(false),
            failure: Mutex::new(None),
        }));
        let spawn = |number: usize| {
            std::thread::Builder::new().name(format!("kernels-{number}")).spawn(move || board.serve()).is_ok()
        };
        let others = (1..threads).filter(|&number| spawn(number)).count();
        (others > 0).then(|| Self { turn: Mutex::new(()), board })
    }

    fn run(&self, count: usize, task: &(dyn Fn(usize) + Sync)) {
        let turn = match self.turn.try_lock() {
            Ok(turn) => turn,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return (0..count).for_each(task),
        };
        // SAFETY: only the lifetime changes. `close` below returns when nobody has the function any more, and nothing
        // between here and there can panic.
        let task = unsafe { std::mem::transmute::<*const (dyn Fn(usize) + Sync), *const (dyn Fn(usize) + Sync)>(task) };
        self.board.open(Tasks { count, task });
        self.board.work();
        self.board.close();
        let failure = self.board.take_failure();
        drop(turn);
        if let Some(failure) = failure {
            resume_unwind(failure);
        }
    }
}

impl Board {
    fn open(&self, tasks: Tasks) {
        *self.tasks.lock().unwrap_or_else(PoisonError::into_inner) = Some(tasks);
        self.next.store(0, Ordering::Relaxed);
        let round = self.state.load(Ordering::Relaxed) / ROUND + 1;
        self.state.store((round * ROUND) | OPEN, Ordering::SeqCst);
        // A thread counts itself before it looks at the state for the last time: one of the two sees the other.
        if self.asleep.load(Ordering::SeqCst) > 0 {
            drop(self.bed.lock().unwrap_or_else(PoisonError::into_inner));
            self.wake.notify_all();
        }
    }

    /// Waits until nobody works any more.
    fn close(&self) {
        self.state.fetch_and(!OPEN, Ordering::AcqRel);
        let mut looks = 0;
        while !self.state.load(Ordering::Acquire).is_multiple_of(OPEN) {
            looks += 1;
            if looks % LOOKS == 0 { std::thread::yield_now() } else { std::hint::spin_loop() }
        }
    }

    /// Does tasks until there are no more.
    fn work(&self) {
        let tasks = *self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Tasks { count, task }) = tasks else { return };
        let work = || {
            loop {
                let number = self.next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return;
                }
                // SAFETY: whoever works has joined the round, or opened it: it is not over.
                unsafe { (*task)(number) };
            }
        };
        if let Err(failure) = catch_unwind(AssertUnwindSafe(work)) {
            self.next.store(count, Ordering::Relaxed);
            *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
            self.failed.store(true, Ordering::Release);
        }
    }

    fn take_failure(&self) -> Option<Panic> {
        if !self.failed.swap(false, Ordering::AcqRel) {
            return None;
        }
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// What the other threads do all their lives.
    fn serve(&self) {
        let mut round = 0;
        loop {
            round = self.join(round);
            self.work();
            self.state.fetch_sub(1, Ordering::Release);
        }
    }

    /// Waits for a round other than `last` and joins it.
    fn join(&self, last: u64) -> u64 {
        loop {
            let state = self.wait(last);
            let joined = self.state.compare_exchange(state, state + 1, Ordering::AcqRel, Ordering::Relaxed);
            if joined.is_ok() {
                return state / ROUND;
            }
        }
    }

    fn wait(&self, last: u64) -> u64 {
        let open = || Some(self.state.load(Ordering::SeqCst)).filter(|state| state & OPEN > 0 && state / ROUND != last);
        let started = Instant::now();
        loop {
            for _ in 0..LOOKS {
                if let Some(state) = open() {
                    return state;
                }
                std::hint::spin_loop();
            }
            if started.elapsed() > AWAKE {
                break;
            }
        }
        self.asleep.fetch_add(1, Ordering::SeqCst);
        let mut bed = self.bed.lock().unwrap_or_else(PoisonError::into_inner);
        let state = loop {
            match open() {
                Some(state) => break state,
                None => bed = self.wake.wait(bed).unwrap_or_else(PoisonError::into_inner),
            }
        };
        self.asleep.fetch_sub(1, Ordering::SeqCst);
        state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(tasks: usize, run: impl Fn(&(dyn Fn(usize) + Sync))) -> Vec<usize> {
        let counts: Vec<AtomicUsize> = (0..tasks).map(|_| AtomicUsize::new(0)).collect();
        run(&|number| {
            counts[number].fetch_add(1, Ordering::Relaxed);
        });
        counts.into_iter().map(AtomicUsize::into_inner).collect()
    }

    #[test]
    fn every_task_is_done_once() {
        let team = Team::start(4).unwrap();
        for tasks in (0..2000).map(|round| round % 37) {
            assert_eq!(counts(tasks, |task| team.run(tasks, task)), vec![1; tasks]);
        }
    }

    #[test]
    fn threads_wake_up_again() {
        let team = Team::start(3).unwrap();
        for _ in 0..20 {
            std::thread::sleep(2 * AWAKE);
            assert_eq!(counts(50, |task| team.run(50, task)), vec![1; 50]);
        }
    }

    #[test]
    fn whoever_finds_the_others_taken_works_alone() {
        let team = Team::start(2).unwrap();
        let inner = |_: usize| assert_eq!(counts(9, |task| team.run(9, task)), vec![1; 9]);
        team.run(5, &inner);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..200).for_each(|_| assert_eq!(counts(9, |task| team.run(9, task)), vec![1; 9])));
            }
        });
    }

    #[test]
    fn a_panic_reaches_the_caller_and_the_team_lives_on() {
        let team = Team::start(2).unwrap();
        let failing = |number: usize| assert!(number != 7, "task {number}");
        let caught = catch_unwind(AssertUnwindSafe(|| team.run(20, &failing)));
        assert!(caught.is_err());
        assert_eq!(counts(20, |task| team.run(20, task)), vec![1; 20]);
    }

    #[test]
    fn alone_there_is_no_team() {
        assert!(Team::start(1).is_none());
    }
}
