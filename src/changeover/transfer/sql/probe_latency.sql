-- One row: 1. How long it takes is what is measured.
SELECT 1
