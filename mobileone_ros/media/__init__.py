"""Pictures, videos and cameras as series of BGR arrays, and their encodings; knows no ROS."""
