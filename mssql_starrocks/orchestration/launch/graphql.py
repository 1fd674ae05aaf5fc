"""The few GraphQL documents that launching through a webserver needs (dagster_graphql.schema of 1.13.27)."""

ASSETS = """
query($keys: [AssetKeyInput!]) {
  assetNodes(assetKeys: $keys) { assetKey { path } jobNames repository { name location { name } } }
}
"""
LAUNCH = """
mutation($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
    ... on UnauthorizedError { message }
    ... on PipelineNotFoundError { message }
    ... on InvalidSubsetError { message }
    ... on RunConfigValidationInvalid { errors { message } }
  }
}
"""
FOLLOW = """
query($run: ID!, $cursor: String) {
  runOrError(runId: $run) {
    __typename
    ... on Run { status startTime endTime }
    ... on PythonError { message }
  }
  logsForRun(runId: $run, afterCursor: $cursor) {
    __typename
    ... on PythonError { message }
    ... on EventConnection {
      cursor
      hasMore
      events {
        __typename
        ... on MessageEvent { stepKey }
        ... on MaterializationEvent { metadataEntries { ...plain } }
        ... on AssetCheckEvaluationEvent {
          evaluation { checkName success description assetKey { path } metadataEntries { ...plain } }
        }
        ... on ExecutionStepFailureEvent { error { message } failureMetadata { description } }
        ... on RunFailureEvent { message }
      }
    }
  }
}
fragment plain on MetadataEntry {
  label
  ... on TextMetadataEntry { text }
  ... on IntMetadataEntry { intValue intRepr }
  ... on FloatMetadataEntry { floatValue }
}
"""
TERMINATE = """
mutation($run: String!) {
  terminateRun(runId: $run, terminatePolicy: SAFE_TERMINATE) { __typename ... on TerminateRunFailure { message } }
}
"""
