-- One row: adjudicated lines without procedure or day, and denied lines that no rule explains, and that one does.
SELECT (SELECT count(*) FROM line_outcomes WHERE initial_outcome IN ('paid', 'partly denied', 'denied', 'nothing paid'))
        - (SELECT count(*) FROM residual_lines) AS left_out,
    (SELECT count(*) FROM residual_lines WHERE denied = 1 AND explained = 0) AS unexplained,
    (SELECT count(*) FROM residual_lines WHERE denied = 1 AND explained = 1) AS explained
