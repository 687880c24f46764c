use super::{ALL_KINDS, Random, Report, card, decode, encode, tolerance};
use crate::args::{Matvec, mode};
use crate::loader::{Loader, Origin, Part};
use crate::memory::Buffer;
use crate::projection::{Matrix, Placement};
use crate::step::{Tiles, launch_matvec};
use crate::{Device, HostTensor, Kind, Source};

/// A matrix in a file.
struct Stored {
    kind: Kind,
    shape: [usize; 2],
    bytes: Vec<u8>,
}

impl Stored {
    fn new(random: &mut Random, kind: Kind, outputs: usize, inputs: usize) -> Self {
        Self { kind, shape: [outputs, inputs], bytes: encode(kind, &random.vector(outputs * inputs, 1.0)) }
    }

    fn numbers(&self) -> Vec<f32> {
        decode(self.kind, &self.bytes)
    }
}

/// A file whose matrices have numbers for names.
struct File<'a>(&'a [Stored]);

impl File<'_> {
    fn get(&self, name: &str) -> Option<&Stored> {
        self.0.get(name.parse::<usize>().ok()?)
    }
}

impl Source for File<'_> {
    fn kind(&self, name: &str) -> Option<Kind> {
        Some(self.get(name)?.kind)
    }

    fn tensor(&self, name: &str, _: &[&[usize]]) -> Result<Option<HostTensor<'_>>, String> {
        let host = |stored: &Stored| HostTensor {
            kind: stored.kind,
            shape: stored.shape.to_vec().into(),
            bytes: stored.bytes.clone().into(),
        };
        Ok(self.get(name).map(host))
    }
}

/// A matrix on the card, and the memory that it lies in.
struct Placed {
    matrix: Matrix,
    _held: Vec<Buffer<u8>>,
}

fn place(device: &Device, file: &[Stored], placements: &[Placement], outputs: usize) -> Placed {
    let source = File(file);
    let mut loader = Loader::new(device, Origin::Source(&source)).unwrap();
    let part = |(number, stored): (usize, &Stored)| Part::new(number.to_string(), &stored.shape);
    let parts: Vec<_> = file.iter().enumerate().map(part).zip(placements.iter().copied()).collect();
    let matrix = loader.place(&parts, outputs).unwrap();
    device.synchronize().unwrap();
    Placed { matrix, _held: std::mem::take(&mut loader.held) }
}

/// A matrix on the card and the numbers that it stands for.
struct Weights {
    placed: Placed,
    numbers: Vec<f32>,
}

fn weights(device: &Device, random: &mut Random, kind: Kind, outputs: usize, inputs: usize) -> Weights {
    let stored = Stored::new(random, kind, outputs, inputs);
    let numbers = stored.numbers();
    Weights { placed: place(device, &[stored], &[Placement::from(0, outputs)], outputs), numbers }
}

/// Rows and what they are multiplied with, on the card.
struct Case {
    rows: usize,
    inputs: usize,
    x: Vec<f32>,
    input: Buffer<f32>,
    norm: Option<(Vec<f32>, Buffer<f32>)>,
    bias: Vec<f32>,
    bias_buffer: Buffer<f32>,
}

const EPS: f32 = 1e-5;

impl Case {
    fn new(device: &Device, random: &mut Random, rows: usize, outputs: usize, inputs: usize, normed: bool) -> Self {
        // Rows of very different sizes.
        let x: Vec<f32> = (0..rows).flat_map(|row| random.vector(inputs, [1.0, 300.0, 1e-3][row % 3])).collect();
        let weight = random.vector(inputs, 1.5);
        let bias = random.vector(outputs, 1.0);
        Self {
            rows,
            inputs,
            input: Buffer::of(device, "a test", &x).unwrap(),
            norm: normed.then(|| (weight.clone(), Buffer::of(device, "a test", &weight).unwrap())),
            bias_buffer: Buffer::of(device, "a test", &bias).unwrap(),
            bias,
            x,
        }
    }

    fn with(&self, arguments: Matvec, output: &Buffer<f32>) -> Matvec {
        Matvec {
            input: self.input.address(),
            norm: self.norm.as_ref().map_or(0, |(_, norm)| norm.address()),
            eps: EPS,
            output: output.address(),
            rows: self.rows as i32,
            ..arguments
        }
    }

    fn row(&self, row: usize) -> Vec<f64> {
        let x: Vec<f64> = self.x[row * self.inputs..(row + 1) * self.inputs].iter().map(|&v| f64::from(v)).collect();
        let Some((weight, _)) = &self.norm else { return x };
        let mean = x.iter().map(|v| v * v).sum::<f64>() / self.inputs as f64;
        let factor = 1.0 / (mean + f64::from(EPS)).sqrt();
        x.iter().zip(weight).map(|(v, w)| v * factor * f64::from(*w)).collect()
    }

    /// Row times weights.
    fn product(&self, row: usize, numbers: &[f32]) -> Vec<f64> {
        let x = self.row(row);
        let dot = |w: &[f32]| w.iter().zip(&x).map(|(w, x)| f64::from(*w) * x).sum();
        numbers.chunks(self.inputs).map(dot).collect()
    }
}

fn run(device: &Device, kind: Kind, tiles: Tiles, arguments: &Matvec) {
    // SAFETY: the tests' buffers hold what the arguments say.
    unsafe { launch_matvec(device, kind, tiles, arguments) }.unwrap();
}

/// Output rows one after the other, each in the norm of its own size.
fn close_rows(report: &mut Report, what: &str, found: &[f32], expected: &[Vec<f64>], tolerance: f64) {
    for (row, expected) in expected.iter().enumerate() {
        let width = expected.len();
        report.close(&format!("{what} row {row}"), &found[row * width..(row + 1) * width], expected, tolerance);
    }
}

#[test]
fn products_with_bias_equal_the_plain_ones() {
    let Some(device) = card("products_with_bias_equal_the_plain_ones") else { return };
    let (mut random, mut report) = (Random(1), Report::default());
    for kind in ALL_KINDS {
        let sizes = [(16, 64), (50, 192), (33, 2048), (129, 3072), (7, 4096), (20, 320), (40, 256), (18, 1280)];
        for (outputs, inputs) in sizes.into_iter().filter(|(_, inputs)| kind.file_bytes(*inputs).is_some()) {
            for rows in [1, 2, 7, 8, 9, 20] {
                let case = Case::new(&device, &mut random, rows, outputs, inputs, rows % 2 == 0);
                let weights = weights(&device, &mut random, kind, outputs, inputs);
                let output = Buffer::of(&device, "a test", &vec![f32::NAN; rows * outputs]).unwrap();
                let arguments = Matvec { bias: case.bias_buffer.address(), ..weights.placed.matrix.arguments() };
                run(&device, kind, Tiles::dense(rows), &case.with(arguments, &output));
                let with_bias = |row| {
                    let product = case.product(row, &weights.numbers);
                    product.iter().zip(&case.bias).map(|(y, b)| y + f64::from(*b)).collect()
                };
                let expected: Vec<Vec<f64>> = (0..rows).map(with_bias).collect();
                let what = format!("{kind:?} {outputs}×{inputs} rows {rows}");
                close_rows(&mut report, &what, &output.read(0, rows * outputs).unwrap(), &expected, tolerance(kind));
            }
        }
    }
    report.finish();
}

#[test]
fn a_row_has_the_same_bits_alone_and_among_others() {
    let Some(device) = card("a_row_has_the_same_bits_alone_and_among_others") else { return };
    let (mut random, mut report) = (Random(2), Report::default());
    for kind in ALL_KINDS {
        let sizes = [(40, 2048, true), (33, 3072, false), (18, 192, true), (600, 512, true)];
        for (outputs, inputs, normed) in sizes.into_iter().filter(|(_, inputs, _)| kind.file_bytes(*inputs).is_some()) {
            let rows = 11;
            let case = Case::new(&device, &mut random, rows, outputs, inputs, normed);
            let weights = weights(&device, &mut random, kind, outputs, inputs);
            let together = Buffer::of(&device, "a test", &vec![f32::NAN; rows * outputs]).unwrap();
            let alone = Buffer::of(&device, "a test", &vec![f32::NAN; rows * outputs]).unwrap();
            run(&device, kind, Tiles::dense(rows), &case.with(weights.placed.matrix.arguments(), &together));
            for row in 0..rows {
                let one =
                    Matvec { first_row: row as i32, rows: 1, ..case.with(weights.placed.matrix.arguments(), &alone) };
                run(&device, kind, Tiles::dense(1), &one);
            }
            let read = |buffer: &Buffer<f32>| buffer.read(0, rows * outputs).unwrap();
            report.same_bits(&format!("{kind:?} {outputs}×{inputs}"), &read(&together), &read(&alone));
        }
    }
    report.finish();
}

fn silu(x: f64) -> f64 {
    x / (1.0 + (-x).exp())
}

#[test]
fn gated_products_take_every_layout() {
    let Some(device) = card("gated_products_take_every_layout") else { return };
    let (mut random, mut report) = (Random(3), Report::default());
    let (inner, inputs) = (52, 256);
    for kind in ALL_KINDS {
        for rows in [1, 10] {
            let case = Case::new(&device, &mut random, rows, inner, inputs, true);
            let mut stored = |rows: usize| Stored::new(&mut random, kind, rows, inputs);
            let half = inner * inputs;
            let layouts = [
                ("in turns", vec![stored(2 * inner)], vec![Placement::from(0, 2 * inner)]),
                ("up first", vec![stored(2 * inner)], vec![Placement::halves(1, inner)]),
                ("gate first", vec![stored(2 * inner)], vec![Placement::halves(0, inner)]),
                (
                    "apart",
                    vec![stored(inner), stored(inner)],
                    vec![Placement::every_second(0, inner), Placement::every_second(1, inner)],
                ),
            ];
            for (name, file, placements) in layouts {
                let all: Vec<f32> = file.iter().flat_map(Stored::numbers).collect();
                let every = |first: usize| all.chunks(inputs).skip(first).step_by(2).flatten().copied().collect();
                let (first, second) = (all[..half].to_vec(), all[half..].to_vec());
                let (gate, up): (Vec<f32>, Vec<f32>) = match name {
                    "in turns" => (every(0), every(1)),
                    "up first" => (second, first),
                    _ => (first, second),
                };
                let placed = place(&device, &file, &placements, 2 * inner);
                let output = Buffer::of(&device, "a test", &vec![f32::NAN; rows * inner]).unwrap();
                let arguments = placed.matrix.gated_arguments();
                run(&device, kind, Tiles::dense(rows), &case.with(arguments, &output));
                let gated = |row| {
                    let (gate, up) = (case.product(row, &gate), case.product(row, &up));
                    gate.iter().zip(up).map(|(gate, up)| silu(*gate) * up).collect()
                };
                let expected: Vec<Vec<f64>> = (0..rows).map(gated).collect();
                let found = output.read(0, rows * inner).unwrap();
                close_rows(
                    &mut report,
                    &format!("{kind:?} {name} rows {rows}"),
                    &found,
                    &expected,
                    4.0 * tolerance(kind),
                );
            }
        }
    }
    report.finish();
}

#[test]
fn logits_go_to_slots_and_sums_are_added() {
    let Some(device) = card("logits_go_to_slots_and_sums_are_added") else { return };
    let (mut random, mut report) = (Random(4), Report::default());
    let (outputs, rows) = (70, 9);
    for kind in ALL_KINDS {
        let inputs = kind.step().max(128);
        let case = Case::new(&device, &mut random, rows, outputs, inputs, true);
        let weights = weights(&device, &mut random, kind, outputs, inputs);
        let slots = [3, 0, -1, 5, 1, 2, 9, 8, 4];
        let slots_buffer = Buffer::of(&device, "a test", &slots).unwrap();
        let output = Buffer::of(&device, "a test", &vec![7.0; 10 * outputs]).unwrap();
        let logits = Matvec {
            slots: slots_buffer.address(),
            mode: mode::LOGITS,
            cap: 15.0,
            ..weights.placed.matrix.arguments()
        };
        run(&device, kind, Tiles::dense(rows), &case.with(logits, &output));
        let mut expected = vec![vec![7.0; outputs]; 10];
        for (row, slot) in slots.iter().enumerate().filter(|(_, slot)| **slot >= 0) {
            expected[*slot as usize] =
                case.product(row, &weights.numbers).iter().map(|y| 15.0 * (y / 15.0).tanh()).collect();
        }
        close_rows(
            &mut report,
            &format!("{kind:?} logits"),
            &output.read(0, 10 * outputs).unwrap(),
            &expected,
            4.0 * tolerance(kind),
        );

        let before = random.vector(rows * outputs, 100.0);
        let output = Buffer::of(&device, "a test", &before).unwrap();
        let added = Matvec { mode: mode::ADD, ..weights.placed.matrix.arguments() };
        run(&device, kind, Tiles::dense(rows), &case.with(added, &output));
        let sum = |row: usize| {
            let product = case.product(row, &weights.numbers);
            product.iter().zip(&before[row * outputs..]).map(|(y, before)| y + f64::from(*before)).collect()
        };
        let expected: Vec<Vec<f64>> = (0..rows).map(sum).collect();
        close_rows(
            &mut report,
            &format!("{kind:?} added"),
            &output.read(0, rows * outputs).unwrap(),
            &expected,
            2.0 * tolerance(kind),
        );
    }
    report.finish();
}
