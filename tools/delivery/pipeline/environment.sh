# Sourced at the start of the pipeline: checks what it is told, and names what it makes.

expected() {
  [ -n "${!1:-}" ] || { echo "$1 is not set: expected $2" >&2; return 1; }
}

expected AWS_ACCOUNT_ID 'the account that has the ECR repositories, such as 123456789012' &&
  expected AWS_DEFAULT_REGION 'the region of ECR and EKS, such as ap-northeast-2' &&
  expected EKS_CLUSTER 'the name of the EKS cluster' &&
  expected CODEBUILD_RESOLVED_SOURCE_VERSION 'the commit that is built' || return

# ECR, unless another registry is given
export REGISTRY="${REGISTRY:-$AWS_ACCOUNT_ID.dkr.ecr.$AWS_DEFAULT_REGION.amazonaws.com}"
export IMAGE_TAG="$CODEBUILD_RESOLVED_SOURCE_VERSION"
export SERVICES='gateway order approval equipment mis'
for service in $SERVICES; do
  export "${service^^}_IMAGE=$REGISTRY/equipmgnt-$service:$IMAGE_TAG"
done
