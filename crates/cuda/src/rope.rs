/// Cosines and sines of the rotation at each position, both [positions, head_dim / 2]. Frequency and angle are formed
/// in float32, as in the reference.
pub(crate) fn tables(positions: usize, head_dim: usize, theta: f64) -> (Vec<f32>, Vec<f32>) {
    let exponent = |pair: usize| 2.0 * pair as f64 / head_dim as f64;
    let frequencies: Vec<f32> = (0..head_dim / 2).map(|pair| theta.powf(-exponent(pair)) as f32).collect();
    let angles = (0..positions).flat_map(|row| frequencies.iter().map(move |&frequency| row as f32 * frequency));
    angles.map(|angle: f32| (angle.cos(), angle.sin())).unzip()
}
