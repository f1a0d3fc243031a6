"""The workshop's server: a room changes levers and sees what happens; every number and sentence is made here, none in the browser."""
