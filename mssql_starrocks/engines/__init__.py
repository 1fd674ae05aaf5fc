"""Engines copy an ExtractionPlan into an audit branch: `arrow` in this process, `spark` locally or on a cluster."""
