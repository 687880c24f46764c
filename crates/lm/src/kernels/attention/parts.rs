//! Parts of attention: made side by side, joined in order.

use super::super::exp::exp;
use super::super::float::Element;
use super::super::instructions::{Instructions, vectorized};
use super::super::team;
use super::section::{HEAD, Queries, ROWS, Section};
use super::{Heads, Query, Size};

/// Numbers of all parts that are made before any are joined, about.
const AT_ONCE: usize = 1 << 20;
/// New rows of a task.
const TASK_ROWS: usize = 8;
/// Fewer multiplications than this are not worth having other threads join.
const PARALLEL_FROM: usize = 1 << 16;

/// Queries, and the cache that they attend to.
pub(super) struct Batch<'a, T> {
    pub(super) instructions: Instructions,
    pub(super) query: Query<'a>,
    pub(super) keys: Heads<'a, T>,
    pub(super) values: Heads<'a, T>,
    pub(super) size: Size,
}

/// Some new rows, and the sections that the last of them sees.
#[derive(Clone, Copy)]
struct Block {
    first: usize,
    count: usize,
    sections: usize,
}

/// Some rows of a block in one section of one head.
struct Task<'a> {
    head: usize,
    section: usize,
    /// The first of its new rows.
    first: usize,
    /// [rows, group, part]
    parts: &'a mut [f32],
}

impl<T: Element> Batch<'_, T> {
    /// [new, heads, width]
    pub(super) fn attend(&self) -> Vec<f32> {
        let Size { width, new, .. } = self.size;
        let row = self.size.heads() * width;
        let mut output = vec![0.0; new * row];
        let at_once = (AT_ONCE / (self.size.rows.div_ceil(ROWS) * self.size.heads() * self.part()).max(1)).max(1);
        for (place, output) in output.chunks_mut((at_once * row).max(1)).enumerate() {
            let (first, count) = (place * at_once, output.len() / row);
            let block = Block { first, count, sections: self.size.seen(first + count - 1).div_ceil(ROWS) };
            let parts = self.parts(block);
            let heads = output.chunks_mut(width).enumerate();
            self.share(block, heads, |(place, output)| self.join(block, place, &parts, output));
        }
        output
    }

    /// Numbers of a part.
    fn part(&self) -> usize {
        HEAD + self.size.width
    }

    /// The parts of a block: [kv_heads, sections, rows, group, part].
    fn parts(&self, block: Block) -> Vec<f32> {
        let row = self.size.group * self.part();
        let mut parts = vec![0.0; self.size.kv_heads * block.sections * block.count * row];
        let tasks = parts.chunks_mut(block.count * row).enumerate().flat_map(|(place, parts)| {
            let (head, section) = (place / block.sections, place % block.sections);
            let pieces = (block.first..).step_by(TASK_ROWS).zip(parts.chunks_mut(TASK_ROWS * row));
            pieces.map(move |(first, parts)| Task { head, section, first, parts })
        });
        self.share(block, tasks, |task| self.make(task));
        parts
    }

    /// Does tasks of a block, with other threads where that is worth it.
    fn share<I: Send>(&self, block: Block, tasks: impl Iterator<Item = I>, task: impl Fn(I) + Sync) {
        if block.sections * ROWS * block.count * self.size.heads() * self.size.width < PARALLEL_FROM {
            tasks.for_each(task);
        } else {
            team::each_of(tasks, task);
        }
    }

    fn make(&self, task: Task) {
        let Size { group, width, new, .. } = self.size;
        let (keys, values) = (self.keys.head(task.head), self.values.head(task.head));
        for (row, parts) in (task.first..).zip(task.parts.chunks_mut(group * self.part())) {
            let (from, to) = (task.section * ROWS, self.size.seen(row).min((task.section + 1) * ROWS));
            if from < to {
                let section = Section {
                    keys: &keys[from * width..to * width],
                    values: &values[from * width..to * width],
                    scale: self.query.scale,
                };
                let numbers = &self.query.numbers[(task.head * group * new + row) * width..];
                section.attend(self.instructions, Queries { numbers, width, step: new * width }, parts);
            }
        }
    }

    /// Joins the parts of one query: that of a row of the block and a head, counted in `place`.
    fn join(&self, block: Block, place: usize, parts: &[f32], output: &mut [f32]) {
        let (row, head) = (place / self.size.heads(), place % self.size.heads());
        let (kv_head, query) = (head / self.size.group, head % self.size.group);
        let part = |section: usize| {
            let row = (kv_head * block.sections + section) * block.count + row;
            &parts[(row * self.size.group + query) * self.part()..][..self.part()]
        };
        let seen = self.size.seen(block.first + row).div_ceil(ROWS);
        let (mut largest, mut total) = (f32::NEG_INFINITY, 0.0);
        for section in 0..seen {
            let (head, sums) = part(section).split_at(HEAD);
            let joint = if head[0] > largest { head[0] } else { largest };
            let (before, now) = (exp(largest - joint), exp(head[0] - joint));
            vectorized(
                #[inline(always)]
                || output.iter_mut().zip(sums).for_each(|(sum, more)| *sum = *sum * before + more * now),
            );
            (largest, total) = (joint, total * before + head[1] * now);
        }
        let scale = 1.0 / total;
        output.iter_mut().for_each(|sum| *sum *= scale);
    }
}
