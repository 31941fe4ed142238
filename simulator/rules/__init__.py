"""What is true of patients and what care does to them: small typed functions, each a clinical rule, compiled or not."""
