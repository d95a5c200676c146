test -z "$CI_MERGE_REQUEST_IID" || lora-harness ci comment
