//! The helper thread: frees what would take too long in a turn. It never touches the keyspace.

use crate::keyspace::Object;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};

/// What the helper is given to do.
enum Job {
    Free(Vec<Object>),
    Unmap(Vec<crate::sys::pages::Chunk>),
}

/// What waits to be freed.
#[derive(Debug, Default)]
pub struct Pending {
    pub values: AtomicUsize,
    pub bytes: AtomicUsize,
}

/// A handle of the helper thread. The thread ends with the process.
pub struct Helper {
    jobs: Sender<Job>,
    pub pending: Arc<Pending>,
}

impl Helper {
    /// Starts the thread, and the one that has huge pages ready.
    pub fn start() -> io::Result<Self> {
        crate::sys::huge::start()?;
        let (jobs, queue) = channel::<Job>();
        let pending = Arc::new(Pending::default());
        let left = Arc::clone(&pending);
        std::thread::Builder::new().name("bio_lazy_free".into()).spawn(move || {
            crate::sys::cpu::join_helpers();
            for job in queue {
                match job {
                    Job::Free(objects) => {
                        for object in objects {
                            let bytes = object.heap_bytes();
                            drop(object);
                            left.values.fetch_sub(1, Ordering::Relaxed);
                            left.bytes.fetch_sub(bytes, Ordering::Relaxed);
                        }
                    }
                    Job::Unmap(chunks) => drop(chunks),
                }
            }
        })?;
        Ok(Helper { jobs, pending })
    }

    /// Has these values freed.
    pub fn free(&self, objects: Vec<Object>) {
        let bytes = objects.iter().map(|object| object.heap_bytes()).sum();
        self.pending.values.fetch_add(objects.len(), Ordering::Relaxed);
        self.pending.bytes.fetch_add(bytes, Ordering::Relaxed);
        // The thread lives as long as the process; were it gone, the values would be freed here.
        let _ = self.jobs.send(Job::Free(objects));
    }

    /// Has these pages given back to the system.
    pub fn unmap(&self, chunks: Vec<crate::sys::pages::Chunk>) {
        let _ = self.jobs.send(Job::Unmap(chunks));
    }
}
