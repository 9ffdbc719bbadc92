"""
Draw road signs, train MobileOne-S0 on them and export the model that the package carries.

From the sign to the model: `style` and `canvas`, `pictograms`, `signs` and `distractors` paint
plates; `backgrounds`, `scene` and `lens` photograph them; `dataset` and `pictures` make the
splits; `train` learns; `export` calls the package's `quantize`, then `evaluate`, `card` and
`shipped_pictures`.
Nothing here is installed with the package. `requirements.txt` pins what it needs.
"""
