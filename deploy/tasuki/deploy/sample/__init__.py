"""The sample: two medical regions of Ishikawa with synthetic residents, and what a demo needs.

Made once by `build`, read by `sample`; `README.md` beside this file says what is true of the data
and what was altered. Nobody in it exists.
"""
