use super::repetition::penalize;
use super::{GREEDY_TEMPERATURE, Sampling};
use crate::Frames;

/// What a top-k below 1 means in the reference.
const TOP_K_DEFAULT: usize = 1024;

/// The probabilities that one codebook's next code is drawn from. Kept between codebooks to save allocations.
#[derive(Clone, Debug, Default)]
pub struct Distribution {
    probabilities: Vec<f32>,
    scratch: Vec<f32>,
    /// The first of the largest logits after penalty, temperature and top-k.
    likeliest: usize,
}

impl Distribution {
    /// Computes the distribution of one codebook from its logits and the frames made so far. `codes` is the number of
    /// ids that stand for sound. Takes parameters of any value; [`Sampling::check`] tells which make sense.
    pub fn compute(&mut self, logits: &[f32], sampling: &Sampling, made: &Frames, codebook: usize, codes: usize) {
        self.probabilities.clear();
        self.probabilities.extend_from_slice(logits);
        penalize(&mut self.probabilities, sampling, made, codebook, codes);
        let temperature = sampling.temperature.max(GREEDY_TEMPERATURE);
        self.probabilities.iter_mut().for_each(|logit| *logit /= temperature);
        self.top_k(if sampling.top_k < 1 { TOP_K_DEFAULT } else { sampling.top_k });
        self.likeliest = first_largest(&self.probabilities);
        self.softmax();
        self.top_p(sampling.top_p);
        self.min_p(sampling.min_p);
        if self.probabilities.iter().all(|&probability| probability <= 0.0) {
            self.fall_back();
        }
    }

    /// The probability of each id.
    pub fn probabilities(&self) -> &[f32] {
        &self.probabilities
    }

    /// The likeliest id; the first of several.
    pub fn likeliest(&self) -> u32 {
        self.likeliest as u32
    }

    /// The id at `number`, in 0..1, of the cumulative distribution.
    pub fn draw(&self, number: f64) -> u32 {
        let total: f64 = self.probabilities.iter().map(|&probability| f64::from(probability)).sum();
        let mut left = number * total;
        let mut drawn = self.likeliest;
        for (id, &probability) in self.probabilities.iter().enumerate().filter(|(_, probability)| **probability > 0.0) {
            drawn = id;
            left -= f64::from(probability);
            if left < 0.0 {
                break;
            }
        }
        drawn as u32
    }

    /// Drops logits below the k-th largest; ties with it stay.
    fn top_k(&mut self, k: usize) {
        if k >= self.probabilities.len() {
            return;
        }
        self.scratch.clear();
        self.scratch.extend_from_slice(&self.probabilities);
        let (_, &mut threshold, _) = self.scratch.select_nth_unstable_by(k - 1, |a, b| b.total_cmp(a));
        self.drop_where(f32::NEG_INFINITY, |logit| logit < threshold);
    }

    fn softmax(&mut self) {
        let largest = self.probabilities.get(self.likeliest).copied().unwrap_or_default();
        self.probabilities.iter_mut().for_each(|logit| *logit = (*logit - largest).exp());
        self.normalize();
    }

    /// Drops ids when the mass before them, in descending order, exceeds `p`.
    fn top_p(&mut self, p: f32) {
        if !(p > 0.0 && p < 1.0) {
            return;
        }
        let mut order: Vec<usize> = (0..self.probabilities.len()).collect();
        order.sort_by(|&a, &b| self.probabilities[b].total_cmp(&self.probabilities[a]));
        let mut mass = 0.0;
        for id in order {
            let before = mass;
            mass += f64::from(self.probabilities[id]);
            if before as f32 > p {
                self.probabilities[id] = 0.0;
            }
        }
        self.normalize();
    }

    /// Drops ids less likely than `p` times the likeliest.
    fn min_p(&mut self, p: f32) {
        if p > 0.0 {
            let threshold = p * self.probabilities.iter().copied().fold(0.0, f32::max);
            self.drop_where(0.0, |probability| probability < threshold);
            self.normalize();
        }
    }

    fn drop_where(&mut self, dropped: f32, rule: impl Fn(f32) -> bool) {
        self.probabilities.iter_mut().filter(|value| rule(**value)).for_each(|value| *value = dropped);
    }

    fn normalize(&mut self) {
        let total: f32 = self.probabilities.iter().sum();
        if total > 0.0 {
            self.probabilities.iter_mut().for_each(|probability| *probability /= total);
        }
    }

    /// Nothing is left: everything on the largest logit.
    fn fall_back(&mut self) {
        self.probabilities.fill(0.0);
        if let Some(probability) = self.probabilities.get_mut(self.likeliest) {
            *probability = 1.0;
        }
    }
}

fn first_largest(values: &[f32]) -> usize {
    let larger = |best: usize, id: usize| if values[id] > values[best] { id } else { best };
    (0..values.len()).reduce(larger).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn logits() -> impl Strategy<Value = Vec<f32>> {
        prop::collection::vec(-15f32..15.0, 2..300)
    }

    fn samplings() -> impl Strategy<Value = Sampling> {
        (0f32..2.0, 0usize..400, 0f32..=1.0, 0f32..=1.0, 1f32..3.0).prop_map(
            |(temperature, top_k, top_p, min_p, penalty)| Sampling {
                temperature,
                top_k,
                top_p,
                min_p,
                repetition_penalty: penalty,
                ..Sampling::default()
            },
        )
    }

    proptest! {
        #[test]
        fn probabilities_add_up_and_draws_lie_in_the_support(
            logits in logits(), sampling in samplings(), number in 0f64..1.0, ids in prop::collection::vec(0u32..300, 0..80),
        ) {
            let mut distribution = Distribution::default();
            distribution.compute(&logits, &sampling, &Frames::from_ids(1, ids), 0, 290);
            let total: f32 = distribution.probabilities().iter().sum();
            prop_assert!((total - 1.0).abs() < 1e-4, "{total}");
            prop_assert!(distribution.probabilities()[distribution.draw(number) as usize] > 0.0);
            prop_assert!(distribution.probabilities()[distribution.likeliest() as usize] > 0.0);
        }

        #[test]
        fn top_k_keeps_k_when_nothing_ties(logits in logits(), k in 1usize..300) {
            let mut sorted = logits.clone();
            sorted.sort_by(f32::total_cmp);
            prop_assume!(sorted.windows(2).all(|pair| pair[0] < pair[1]));
            let sampling = Sampling { top_k: k, min_p: 0.0, repetition_penalty: 1.0, temperature: 2.0, ..Sampling::default() };
            let mut distribution = Distribution::default();
            distribution.compute(&logits, &sampling, &Frames::new(1), 0, 1024);
            let support = distribution.probabilities().iter().filter(|probability| **probability > 0.0).count();
            prop_assert_eq!(support, k.min(logits.len()));
        }
    }

    #[test]
    fn draws_follow_the_distribution() {
        let mut distribution = Distribution::default();
        let sampling = Sampling { temperature: 1.0, top_k: 0, min_p: 0.0, ..Sampling::default() };
        distribution.compute(&[1f32.ln(), 2f32.ln(), 5f32.ln()], &sampling, &Frames::new(1), 0, 3);
        let mut counts = [0; 3];
        (0..8000).for_each(|step| counts[distribution.draw((f64::from(step) + 0.5) / 8000.0) as usize] += 1);
        assert_eq!(counts, [1000, 2000, 5000]);
    }
}
