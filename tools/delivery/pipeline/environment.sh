# Sourced at the start of the pipeline: checks its variables, and sets the names of the images.

expected() {
  [ -n "${!1:-}" ] || { echo "$1 is not set: expected $2" >&2; return 1; }
}

expected AWS_ACCOUNT_ID 'the account that has the ECR repositories, such as 123456789012' &&
  expected AWS_DEFAULT_REGION 'the region of ECR and EKS, such as ap-northeast-2' &&
  expected EKS_CLUSTER 'the name of the EKS cluster' &&
  expected CODEBUILD_RESOLVED_SOURCE_VERSION 'the commit that is built' || return

# It becomes the tag of the images. For an archive in S3, CodeBuild sets it to the archive's version or
# ARN, which may not be a valid tag.
[[ $CODEBUILD_RESOLVED_SOURCE_VERSION =~ ^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$ ]] || {
  echo "CODEBUILD_RESOLVED_SOURCE_VERSION is '$CODEBUILD_RESOLVED_SOURCE_VERSION': expected a valid image tag" \
    '(letters, digits, _ . -, at most 128, not starting with . or -)' >&2
  return 1
}

# Orders the builds. CodeBuild gives its time in milliseconds.
export BUILD_STARTED="${CODEBUILD_START_TIME:-$(date +%s)000}"

# ECR, unless REGISTRY names another one.
export REGISTRY="${REGISTRY:-$AWS_ACCOUNT_ID.dkr.ecr.$AWS_DEFAULT_REGION.amazonaws.com}"
export IMAGE_TAG="$CODEBUILD_RESOLVED_SOURCE_VERSION"
export SERVICES='gateway order approval equipment mis'
export IMAGES="$SERVICES ops"
for image in $IMAGES; do
  export "${image^^}_IMAGE=$REGISTRY/equipmgnt-$image:$IMAGE_TAG"
done
