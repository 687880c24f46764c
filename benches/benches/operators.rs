//! What candle's own operators take for the products of the released size on the CPU, without the rest of the model: to be
//! held against the whole backbone's `decode` and `prefill`.
#![allow(clippy::unwrap_used)]

use std::borrow::Cow;

use candle_core::quantized::{GgmlDType, QMatMul, QStorage, QTensor};
use candle_core::{DType, Device, Module, Result, Tensor};
use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use zonos_benches::print_bandwidth;
use zonos_lm::Config;

const PROMPT_ROWS: usize = 96;

/// A weight matrix in a type of candle's.
#[derive(Clone)]
enum Matrix {
    Plain(Tensor),
    Blocks(QMatMul),
}

impl Matrix {
    fn plain(outputs: usize, inputs: usize, dtype: DType) -> Self {
        let weight = Tensor::rand(-1f32, 1.0, (outputs, inputs), &Device::Cpu).unwrap();
        Self::Plain(weight.to_dtype(dtype).unwrap())
    }

    fn blocks(outputs: usize, inputs: usize, dtype: GgmlDType) -> Self {
        let weight = Tensor::rand(-1f32, 1.0, (outputs, inputs), &Device::Cpu).unwrap();
        Self::Blocks(QMatMul::from_qtensor(QTensor::quantize(&weight, dtype).unwrap()).unwrap())
    }

    /// In memory of its own, so that no cache holds what a model would read anew.
    fn apart(&self) -> Self {
        match self {
            Self::Plain(weight) => Self::Plain(weight.copy().unwrap()),
            Self::Blocks(QMatMul::QTensor(blocks)) => {
                let data = Cow::Owned(blocks.data().unwrap().into_owned());
                let storage = QStorage::from_data(data, &Device::Cpu, blocks.dtype()).unwrap();
                let blocks = QTensor::new(storage, blocks.shape()).unwrap();
                Self::Blocks(QMatMul::from_qtensor(blocks).unwrap())
            }
            Self::Blocks(widened) => Self::Blocks(widened.clone()),
        }
    }

    fn forward(&self, rows: usize) -> Result<Tensor> {
        match self {
            Self::Plain(weight) => {
                let x = Tensor::ones((rows, weight.dim(1)?), weight.dtype(), weight.device())?;
                x.matmul(&weight.t()?)
            }
            Self::Blocks(QMatMul::QTensor(blocks)) => {
                let x = Tensor::ones((rows, blocks.shape().dims2()?.1), DType::F32, &Device::Cpu)?;
                QMatMul::QTensor(blocks.clone()).forward(&x)
            }
            Self::Blocks(_) => candle_core::bail!("candle widened the blocks"),
        }
    }
}

/// What one row is multiplied with.
struct Products {
    /// In every row.
    all: Vec<Matrix>,
    /// Of the experts, of which a row uses one or more in each layer.
    experts: Vec<Matrix>,
    /// Experts that the rows of a prompt are spread over.
    spread: usize,
}

impl Products {
    fn new(config: &Config, make: impl Fn(usize, usize) -> Matrix) -> Self {
        let Config { dim, inner, heads, kv_heads, head_dim, .. } = *config;
        let attention = [make((heads + 2 * kv_heads) * head_dim + heads, dim), make(dim, heads * head_dim)];
        let feed_forward = [make(2 * inner, dim), make(dim, inner)];
        let apart = |matrices: &[Matrix; 2]| matrices.each_ref().map(Matrix::apart);
        let mut products = Self {
            all: vec![make(config.codebooks * config.audio_vocab(), dim)],
            experts: Vec::new(),
            spread: config.moe.as_ref().map_or(1, |moe| moe.experts),
        };
        for layer in 0..config.layers {
            products.all.extend(apart(&attention));
            match config.experts_used(layer) {
                0 => products.all.extend(apart(&feed_forward)),
                used => products.experts.extend((0..used).flat_map(|_| apart(&feed_forward))),
            }
        }
        products
    }

    fn frame(&self) {
        self.all.iter().chain(&self.experts).for_each(|matrix| drop(matrix.forward(1).unwrap()));
    }

    /// Experts evenly drawn. Those of a layer share one's memory, which is to candle's advantage.
    fn prompt(&self) {
        self.all.iter().for_each(|matrix| drop(matrix.forward(PROMPT_ROWS).unwrap()));
        for matrix in &self.experts {
            (0..self.spread).for_each(|_| drop(matrix.forward(PROMPT_ROWS / self.spread).unwrap()));
        }
    }
}

fn bench(criterion: &mut Criterion, name: &str, make: impl Fn(usize, usize) -> Matrix) {
    let mut products = None;
    let mut group = criterion.benchmark_group("candle");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    // Made by the first benchmark that is asked for.
    let mut make = || Products::new(&Config::released().unwrap(), &make);
    group.throughput(Throughput::Elements(1)).bench_function(format!("{name}, a frame"), |bencher| {
        let products = products.get_or_insert_with(&mut make);
        bencher.iter(|| products.frame());
    });
    group.throughput(Throughput::Elements(PROMPT_ROWS as u64));
    group.bench_function(format!("{name}, {PROMPT_ROWS} rows"), |bencher| {
        let products = products.get_or_insert_with(&mut make);
        bencher.iter(|| products.prompt());
    });
}

fn benches(criterion: &mut Criterion) {
    print_bandwidth();
    for (name, dtype) in [("f16", DType::F16), ("bf16", DType::BF16)] {
        bench(criterion, name, |outputs, inputs| Matrix::plain(outputs, inputs, dtype));
    }
    for (name, dtype) in [("q8_0", GgmlDType::Q8_0), ("q6_k", GgmlDType::Q6K), ("q4_k", GgmlDType::Q4K)] {
        bench(criterion, name, |outputs, inputs| Matrix::blocks(outputs, inputs, dtype));
    }
}

criterion_group!(group, benches);
criterion_main!(group);
