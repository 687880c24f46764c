//! How many outputs each residual unit makes at once.
//!
//! Outputs that are made together wait for each other. In the decoder that must not delay a stream: a frame is final once
//! the frames of its receptive field are there, and not later.

use crate::window::{DILATIONS, KERNEL, decoder_context, padding};

/// For each unit of each block: 1, 2 or 4.
pub(super) type AtOnce = Vec<[usize; DILATIONS.len()]>;

/// The most that a unit can make. Where nothing waits for the outputs, the best.
pub(super) const MOST_AT_ONCE: usize = 4;

/// Frames after which all tiles begin anew, whatever the rates: the least common multiple of what units make at once.
pub(super) const PERIOD: usize = 36;

/// What leaves every frame its receptive field and takes the fewest products, chosen from the last block to the first: near
/// the end a row is the smallest part of a frame.
pub(super) fn decoder_tiles(rates: &[usize]) -> AtOnce {
    let mut tiles = vec![[1; DILATIONS.len()]; rates.len()];
    for block in (0..rates.len()).rev() {
        let fits = |choice: &[usize; DILATIONS.len()]| {
            let mut tiles = tiles.clone();
            tiles[block] = *choice;
            waits_for(rates, &tiles) <= decoder_context(rates)
        };
        let fewest =
            choices().filter(fits).min_by_key(|choice| choice.iter().map(|&at_once| products(at_once)).sum::<usize>());
        tiles[block] = fewest.unwrap_or(tiles[block]);
    }
    tiles
}

/// All that the units of a block can make at once.
fn choices() -> impl Iterator<Item = [usize; DILATIONS.len()]> {
    const EACH: [usize; 3] = [MOST_AT_ONCE, 2, 1];
    (0..EACH.len().pow(DILATIONS.len() as u32))
        .map(|number| std::array::from_fn(|unit| EACH[number / EACH.len().pow(unit as u32) % EACH.len()]))
}

/// Products that make four outputs.
fn products(at_once: usize) -> usize {
    match at_once {
        1 => 4 * KERNEL,
        _ => 4 / at_once * (at_once + KERNEL - 1),
    }
}

/// Frames that must have come after a frame before all its samples are made.
pub(super) fn waits_for(rates: &[usize], tiles: &AtOnce) -> usize {
    let hop: usize = rates.iter().product();
    // Long enough for every tile to end at every place in a frame that it can.
    let longest = 2 * (decoder_context(rates) + PERIOD);
    (1..longest).map(|frames| frames - samples_after(frames, rates, tiles) / hop).max().unwrap_or(0)
}

/// Samples that are made of the first `frames` frames of a longer sequence.
fn samples_after(frames: usize, rates: &[usize], tiles: &AtOnce) -> usize {
    let mut rows = frames.saturating_sub(KERNEL / 2);
    for (rate, tiles) in rates.iter().zip(tiles) {
        rows = (rows * rate).saturating_sub(padding(*rate));
        for (dilation, at_once) in DILATIONS.iter().zip(tiles) {
            let group = if *at_once == 1 { 1 } else { at_once * dilation };
            rows = rows.saturating_sub(KERNEL / 2 * dilation) / group * group;
        }
    }
    rows.saturating_sub(KERNEL / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_released_decoder_waits_for_its_receptive_field() {
        let tiles = decoder_tiles(&[8, 8, 4, 2]);
        assert_eq!(tiles, [[1, 1, 1], [4, 4, 2], [4, 4, 4], [4, 4, 4]]);
        assert_eq!(waits_for(&[8, 8, 4, 2], &tiles), 10);
    }

    #[test]
    fn no_decoder_waits_longer_than_it_must() {
        for rates in [&[4, 4, 2][..], &[3, 2], &[5], &[1, 2], &[2, 2, 2, 2]] {
            let waits = waits_for(rates, &decoder_tiles(rates));
            assert!(waits <= decoder_context(rates), "{rates:?}: {waits}");
        }
    }
}
