"""What `import simulator as sim` offers: a question a function, a result that tells itself."""
