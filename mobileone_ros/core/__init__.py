"""Classification of pictures from bytes to named scores; knows no ROS."""
