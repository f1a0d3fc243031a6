"""What a check can come to. Apart, so that reports which only tell of verdicts load nothing that makes them."""

PASS, FAIL, CANNOT_TELL = "pass", "fail", "cannot tell"
VERDICTS = (PASS, FAIL, CANNOT_TELL)
