"""What is NDA, and who said so: rules of repositories and users, and the labels that follow from them."""
