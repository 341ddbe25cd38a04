//! The section Memory.

use super::super::machine::Engine;
use crate::config::Choice;
use crate::sys::{heap, memory};
use crate::util::numbers::human_bytes;
use std::fmt::Write;

/// Fields that come as bytes and again for people.
fn both(out: &mut String, name: &str, bytes: u64) {
    let _ = write!(out, "{name}:{bytes}\r\n{name}_human:{}\r\n", human_bytes(bytes));
}

fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

pub fn memory(engine: &Engine, out: &mut String) {
    // This text is not counted: it would look like data that maxmemory let in.
    let used = engine.used_memory().saturating_sub(out.capacity());
    let rss = engine.host.rss_bytes();
    let peak = (engine.stats.peak_memory.get() as usize).max(used);
    let overhead = engine.overhead_memory();
    let startup = engine.server.startup_memory;
    let dataset = used.saturating_sub(overhead);
    let net = used.saturating_sub(startup);
    both(out, "used_memory", used as u64);
    both(out, "used_memory_rss", rss as u64);
    both(out, "used_memory_peak", peak as u64);
    let _ = write!(
        out,
        "used_memory_peak_perc:{:.2}%\r\nused_memory_overhead:{overhead}\r\nused_memory_startup:{startup}\r\n\
         used_memory_dataset:{dataset}\r\nused_memory_dataset_perc:{:.2}%\r\n",
        100.0 * ratio(used, peak),
        100.0 * ratio(dataset.min(net), net),
    );
    allocator(out);
    both(out, "total_system_memory", memory::total_bytes());
    scripts(out);
    both(out, "maxmemory", engine.config.maxmemory);
    let _ = write!(out, "maxmemory_policy:{}\r\n", engine.config.maxmemory_policy.word());
    fragmentation(engine, used, rss, out);
}

fn allocator(out: &mut String) {
    let heap = heap::heap_stats();
    let _ = write!(
        out,
        "allocator_allocated:{}\r\nallocator_active:{}\r\nallocator_resident:{}\r\nallocator_muzzy:0\r\n",
        heap.allocated, heap.active, heap.resident
    );
}

/// There are no scripts in this version: their memory is none.
fn scripts(out: &mut String) {
    out.push_str("used_memory_lua:0\r\nused_memory_vm_eval:0\r\nused_memory_lua_human:0B\r\n");
    out.push_str("used_memory_scripts_eval:0\r\nnumber_of_cached_scripts:0\r\nnumber_of_functions:0\r\n");
    out.push_str("number_of_libraries:0\r\nused_memory_vm_functions:0\r\nused_memory_vm_total:0\r\n");
    out.push_str("used_memory_vm_total_human:0B\r\nused_memory_functions:0\r\nused_memory_scripts:0\r\n");
    out.push_str("used_memory_scripts_human:0B\r\n");
}

fn fragmentation(engine: &Engine, used: usize, rss: usize, out: &mut String) {
    let heap = heap::heap_stats();
    let gap = |a: usize, b: usize| a as i64 - b as i64;
    let _ = write!(
        out,
        "allocator_frag_ratio:{:.2}\r\nallocator_frag_bytes:{}\r\nallocator_rss_ratio:{:.2}\r\n\
         allocator_rss_bytes:{}\r\nrss_overhead_ratio:{:.2}\r\nrss_overhead_bytes:{}\r\n\
         mem_fragmentation_ratio:{:.2}\r\nmem_fragmentation_bytes:{}\r\n",
        ratio(heap.active, heap.allocated),
        gap(heap.active, heap.allocated),
        ratio(heap.resident, heap.active),
        gap(heap.resident, heap.active),
        ratio(rss, heap.resident),
        gap(rss, heap.resident),
        ratio(rss, used),
        gap(rss, used),
    );
    let _ = write!(
        out,
        "mem_not_counted_for_evict:0\r\nmem_replication_backlog:0\r\nmem_total_replication_buffers:0\r\n\
         mem_clients_slaves:0\r\nmem_clients_normal:{}\r\nmem_cluster_links:0\r\nmem_aof_buffer:0\r\n\
         mem_allocator:{}\r\nmem_overhead_db_hashtable_rehashing:{}\r\nactive_defrag_running:0\r\n\
         lazyfree_pending_objects:{}\r\nlazyfreed_objects:{}\r\n",
        engine.client_memory(),
        heap::allocator_name(),
        engine.keyspace.growing_tables().1,
        engine.keyspace.pending_frees() + engine.host.pending_frees(),
        engine.keyspace.counters.lazy_freed,
    );
}
