-- Nothing: makes verifications that end at the same time take their numbers one after the other.
LOCK TABLE changeover.verification IN SHARE ROW EXCLUSIVE MODE
