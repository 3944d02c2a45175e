"""The study *counting*: what counters say, and where layers stand under the roofline."""
