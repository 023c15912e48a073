"""Programs that measure: against reference numbers, against labelled clips, against the clock."""
