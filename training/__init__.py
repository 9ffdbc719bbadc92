"""Draw road signs, train MobileOne-S0 on them and export the model that the package carries."""
