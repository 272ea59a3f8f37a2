"""What people see of a plan: the chart, the run card, the template of a new plan, the schema for editors."""
