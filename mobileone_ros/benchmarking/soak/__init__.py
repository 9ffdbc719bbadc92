"""Run the classifier for minutes to days, and fail where something it uses grows on and on."""
