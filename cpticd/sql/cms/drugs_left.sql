-- One row per event that does not stand: deleted, or adjusted by a later one of the same fill of a prescription.
WITH cancelled AS (
    SELECT src, place FROM cms_drugs WHERE action = 'cancellation'
    UNION
    SELECT d.src, d.place
    FROM cms_drugs d JOIN cms_drugs c ON c.fill_id = d.fill_id AND c.person = d.person
    WHERE c.action = 'cancellation'
),
fills AS (
    SELECT
        person, pharmacy, prescription, fill_number, fill_date, max(paid_date) AS day,
        bool_or(action = 'cancellation') AS ends
    FROM cms_drugs
    WHERE action IN ('cancellation', 'adjustment') AND prescription IS NOT NULL
    GROUP BY ALL
),
earlier AS (
    SELECT d.src, d.place
    FROM cms_drugs d JOIN fills f USING (person, prescription, fill_date)
    WHERE d.pharmacy IS NOT DISTINCT FROM f.pharmacy AND d.fill_number IS NOT DISTINCT FROM f.fill_number
        AND (d.paid_date < f.day OR (f.ends AND d.paid_date = f.day AND d.action = 'original'))
)
SELECT src, place FROM cancelled
UNION
SELECT src, place FROM earlier
UNION
SELECT src, place FROM cms_drugs WHERE NOT is_final
