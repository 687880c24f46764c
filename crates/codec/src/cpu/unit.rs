use std::cell::RefCell;

use rayon::prelude::*;

use super::conv::Conv;
use super::kernel::Rows;
use super::panels::Panels;
use super::past::Past;
use super::snake::Snake;
use super::task_rows;
use super::winograd::Winograd;
use crate::window::KERNEL;

/// A residual unit: Snake, dilated convolution, Snake, pointwise convolution, added to the input. All of it is done on
/// rows that stay in the cache.
pub(crate) struct Unit {
    snake_in: Snake,
    conv: Dilated,
    snake_out: Snake,
    pointwise: Panels,
    pointwise_bias: Vec<f32>,
}

/// A convolution of kernel 7 that keeps the width.
pub(crate) struct Dilated {
    dilation: usize,
    width: usize,
    bias: Vec<f32>,
    method: Method,
}

enum Method {
    /// One product for each tap: `[7 · width, width]`.
    Taps(Panels),
    TwoAtOnce(Winograd<3>),
    FourAtOnce(Winograd<4>),
}

impl Dilated {
    /// `weight` is `[width, width, 7]`. Outputs are made `at_once`, 1, 2 or 4 of each phase.
    pub(crate) fn new(weight: &[f32], bias: Vec<f32>, dilation: usize, at_once: usize) -> Self {
        let width = bias.len();
        let at = |output: usize, input: usize, tap: usize| weight[(output * width + input) * KERNEL + tap];
        let method = match at_once {
            4 => Method::FourAtOnce(Winograd::new(width, at)),
            2 => Method::TwoAtOnce(Winograd::new(width, at)),
            _ => {
                Method::Taps(Panels::pack(KERNEL * width, width, |term, output| at(output, term % width, term / width)))
            }
        };
        Self { dilation, width, bias, method }
    }

    /// Output rows that are made together; always whole groups, counted from the first row.
    fn group(&self) -> usize {
        match self.method {
            Method::Taps(_) => 1,
            Method::TwoAtOnce(_) => 2 * self.dilation,
            Method::FourAtOnce(_) => 4 * self.dilation,
        }
    }

    /// Rows that an output looks to each side.
    fn reach(&self) -> usize {
        KERNEL / 2 * self.dilation
    }

    /// `y` from `x`, which has twice the reach more rows.
    fn run(&self, x: &[f32], y: &mut [f32], room: &mut Vec<f32>) {
        match &self.method {
            Method::TwoAtOnce(winograd) => winograd.run(x, self.dilation, y, room),
            Method::FourAtOnce(winograd) => winograd.run(x, self.dilation, y, room),
            Method::Taps(weights) => {
                y.fill(0.0);
                for tap in 0..KERNEL {
                    let x = &x[tap * self.dilation * self.width..];
                    let x = Rows { values: x, step: self.width, count: y.len() / self.width };
                    weights.add_part(tap * self.width, self.width, x, y);
                }
            }
        }
    }
}

thread_local! {
    /// Memory of its size would otherwise be asked for, and cleared by the system, with every task.
    static ROOM: RefCell<Room> = RefCell::default();
}

/// Memory that tasks use one after the other.
#[derive(Default)]
struct Room {
    x: Vec<f32>,
    inner: Vec<f32>,
    points: Vec<f32>,
}

impl Unit {
    /// The pointwise convolution has no Snake of its own.
    pub(crate) fn new(snake_in: Snake, conv: Dilated, snake_out: Snake, pointwise: Conv) -> Self {
        let (pointwise, pointwise_bias) = pointwise.into_affine();
        Self { snake_in, conv, snake_out, pointwise, pointwise_bias }
    }

    pub(super) fn begin(&self) -> Past {
        Past::new(self.conv.width, self.conv.reach())
    }

    /// Appends to `y` the outputs that the piece `x` completes; all that are left if it is the `last`.
    pub(super) fn forward(&self, past: &mut Past, x: &mut Vec<f32>, y: &mut Vec<f32>, last: bool) {
        past.receive(x);
        let (group, halo) = (self.conv.group(), 2 * self.conv.reach());
        let left = past.received() - past.given();
        let mut count = past.rows(x).saturating_sub(halo) / group * group;
        if last {
            count = left.next_multiple_of(group);
            past.pad(x, (count + halo).saturating_sub(past.rows(x)));
        }
        let start = y.len();
        y.resize(start + count * self.conv.width, 0.0);
        self.compute(x, &mut y[start..]);
        y.truncate(start + left * self.conv.width);
        past.keep(x, count.min(left), count);
    }

    fn compute(&self, x: &[f32], y: &mut [f32]) {
        let width = self.conv.width;
        let rows = task_rows(y.len() / width, self.conv.group(), width);
        y.par_chunks_mut(rows * width).enumerate().for_each(|(task, y)| {
            let seen = y.len() + 2 * self.conv.reach() * width;
            ROOM.with_borrow_mut(|room| self.task(&x[task * rows * width..][..seen], y, room));
        });
    }

    fn task(&self, x: &[f32], y: &mut [f32], room: &mut Room) {
        let width = self.conv.width;
        let Room { x: active, inner, points } = room;
        active.clear();
        active.extend_from_slice(x);
        self.snake_in.apply(active);
        inner.resize(y.len(), 0.0);
        self.conv.run(active, inner, points);
        inner
            .chunks_mut(width)
            .for_each(|row| row.iter_mut().zip(&self.conv.bias).for_each(|(value, bias)| *value += bias));
        self.snake_out.apply(inner);
        let centre = x[self.conv.reach() * width..].chunks(width);
        for (y, x) in y.chunks_mut(width).zip(centre) {
            y.iter_mut().zip(x).zip(&self.pointwise_bias).for_each(|((y, x), bias)| *y = x + bias);
        }
        self.pointwise.add(Rows { values: inner, step: width, count: y.len() / width }, y);
    }
}
