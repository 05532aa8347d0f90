-- One row per person and block of HCCs that he has, as a bit mask; base is the key of his segment and the block.
SELECT person, segment_key + block * {block} AS base, bit_or(bit) AS mask
FROM hhs_met
GROUP BY person, segment_key + block * {block}
