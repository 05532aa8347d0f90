-- A payer's name without capitals, punctuation and company suffix: what is equal here is likely one payer.
CREATE OR REPLACE TEMP MACRO payer_key(name) AS
    nullif(regexp_replace(regexp_replace(replace(regexp_replace(upper(name), '[.'']', '', 'g'), '&', ' AND '),
        '\b(THE|INC|INCORPORATED|LLC|LLP|LP|CO|COMPANY|CORP|CORPORATION|LTD|PLC)\b', ' ', 'g'), '[^A-Z0-9]', '', 'g'), '');
