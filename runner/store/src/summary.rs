//! Summaries of a published block as the bytes of one column. The migration
//! states the same format. It must not touch the database.

use crate::error::Fault;

const VALUE_BYTES: usize = size_of::<f64>();

/// Packs summaries, each with the row of its metric.
pub(crate) fn pack(mut summaries: Vec<(i64, f64)>) -> Vec<u8> {
    summaries.sort_unstable_by_key(|(metric, _)| *metric);
    let mut bytes = Vec::with_capacity(summaries.len() * (VALUE_BYTES + 1));
    for (metric, value) in summaries {
        let mut rest = metric.cast_unsigned();
        while rest >= 0x80 {
            bytes.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        bytes.push(rest as u8);
        bytes.extend(value.to_le_bytes());
    }
    bytes
}

/// Summaries with the rows of their metrics.
///
/// # Errors
/// When the bytes end inside of one.
pub(crate) fn unpack(mut bytes: &[u8]) -> Result<Vec<(i64, f64)>, Fault> {
    let cut = || Fault::Damaged("a block's summaries end inside of one".to_owned());
    let mut summaries = Vec::with_capacity(bytes.len() / (VALUE_BYTES + 1));
    while !bytes.is_empty() {
        let mut metric = 0_u64;
        for shift in (0..u64::BITS).step_by(7) {
            let (first, rest) = bytes.split_first().ok_or_else(cut)?;
            metric |= u64::from(first & 0x7f) << shift;
            bytes = rest;
            if first & 0x80 == 0 {
                break;
            }
        }
        let (value, rest) = bytes.split_first_chunk::<VALUE_BYTES>().ok_or_else(cut)?;
        summaries.push((metric.cast_signed(), f64::from_le_bytes(*value)));
        bytes = rest;
    }
    Ok(summaries)
}

#[cfg(test)]
mod tests {
    use super::{pack, unpack};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn unpacks_what_it_packs(given in prop::collection::btree_map(1..i64::MAX, any::<f64>(), 1..9)) {
            let given: Vec<(i64, f64)> = given.into_iter().collect();
            let bits = |list: &[(i64, f64)]| -> Vec<(i64, u64)> {
                list.iter().map(|(metric, value)| (*metric, value.to_bits())).collect()
            };
            let bytes = pack(given.iter().rev().copied().collect());
            prop_assert_eq!(bits(&unpack(&bytes).unwrap()), bits(&given));
            prop_assert!(unpack(&bytes[..bytes.len() - 1]).is_err());
        }

        #[test]
        fn any_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = unpack(&bytes);
        }
    }
}
