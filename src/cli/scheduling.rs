//! How the kernel is to schedule the threads of this process. Nothing is asked of kernels other than Linux.
#![cfg(target_os = "linux")]

use thread_priority::{NormalThreadSchedulePolicy as Normal, ThreadPriority, ThreadPriorityValue, ThreadSchedulePolicy as Policy};
use thread_priority::{set_thread_priority_and_policy, thread_native_id, thread_schedule_policy};

use crate::telemetry::metrics::niceness;

/// Threads that this one starts from now on are scheduled as work in batches (`SCHED_BATCH`, sched(7)): one of them that is woken
/// lets whichever woke it go on for its slice, instead of taking the processor from it. A write passes through five threads, and
/// each of them hands on what it has for many clients at once: were it interrupted at the first, that one would go its way alone.
/// The share of the processors and the niceness stay what they are. Another policy is the operator's choice and stays, too.
///
/// Where that cannot be had, everything works as well, only slower under load.
pub fn in_batches() {
    let policy = Policy::Normal(Normal::Batch);
    if thread_schedule_policy() != Ok(Policy::Normal(Normal::Other)) {
        return;
    }
    // The library sets the niceness with the policy, on a scale of its own, so it is told the one that holds.
    let same = |value: &ThreadPriority| value.to_posix(policy).ok() == niceness();
    let scale = (0..=99).filter_map(|value| ThreadPriorityValue::try_from(value).ok()).map(ThreadPriority::Crossplatform);
    let Some(priority) = scale.into_iter().find(same) else { return };
    if let Err(error) = set_thread_priority_and_policy(thread_native_id(), priority, policy) {
        tracing::debug!(?error, "the threads are not scheduled in batches");
    }
}
