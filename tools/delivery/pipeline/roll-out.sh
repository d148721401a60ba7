#!/usr/bin/env bash
# Applies the overlay with the images of this build, and waits until all deployments run them. If one
# fails, all are rolled back: the services are deployed as one commit.
set -euo pipefail

namespace=istio-cb-ns
generated=.local/roll-out

# Prints the new name of an image. The overlay may use any registry for the old one.
rename() {
  local image=$1 name
  name=$(kubectl kustomize "$OVERLAY" | sed -nE "s#^ *(- )?image: *(([^ ]*/)?equipmgnt-$image)(:.*)?\$#\2#p" | sort -u)
  [ -n "$name" ] || { echo "$OVERLAY has no image equipmgnt-$image" >&2; return 1; }
  echo "  - { name: $name, newName: $REGISTRY/equipmgnt-$image, newTag: $IMAGE_TAG }"
}

# The ConfigMap roll-out says which build applied last.
generate() {
  local image
  rm -rf "$generated"
  mkdir -p "$generated"
  {
    printf '%s\n' 'apiVersion: kustomize.config.k8s.io/v1beta1' 'kind: Kustomization'
    printf 'resources: [../../%s]\nimages:\n' "$OVERLAY"
    for image in $IMAGES; do rename "$image"; done
    printf '%s\n' 'configMapGenerator:' "  - name: roll-out" "    namespace: $namespace" \
      "    literals: [started=$BUILD_STARTED, tag=$IMAGE_TAG]" '    options: { disableNameSuffixHash: true }'
  } > "$generated/kustomization.yaml"
}

get() { kubectl get "$1" "$2" --namespace "$namespace" --ignore-not-found --output "jsonpath=$3"; }

# The revision and the image of a deployment.
state() {
  get deployment "$1" '{.metadata.annotations.deployment\.kubernetes\.io/revision} {.spec.template.spec.containers[0].image}'
}

# Fails, and says so, if a build that started later has applied its version.
is_newest() {
  local started tag
  started=$(get configmap roll-out '{.data.started}') && tag=$(get configmap roll-out '{.data.tag}') || return
  [ "${started:-0}" -le "$BUILD_STARTED" ] && return
  echo "A newer build has been here, with $tag: its version stays." >&2
  return 1
}

roll_out() {
  local service failed=0
  kubectl apply -k "$generated" || return
  for service in $SERVICES; do
    kubectl rollout status "deployment/$service" --namespace "$namespace" --timeout "$ROLLOUT_TIMEOUT" || failed=1
  done
  return "$failed"
}

# Rolls back only what this build changed and what still has its tag. A first deployment has no earlier
# revision, and stays for inspection.
undo() {
  local service revision now failed=0
  for service in $SERVICES; do
    revision=${before[$service]%% *}
    now=$(state "$service")
    [ -n "$revision" ] && [ "$now" != "${before[$service]}" ] || continue
    [ "${now#* }" = "$REGISTRY/equipmgnt-$service:$IMAGE_TAG" ] || {
      echo "Another build has been here: $service has ${now#* }, which stays." >&2
      continue
    }
    echo "$service is rolled back to revision $revision"
    kubectl rollout undo "deployment/$service" --namespace "$namespace" --to-revision "$revision" &&
      kubectl rollout status "deployment/$service" --namespace "$namespace" --timeout "$ROLLOUT_TIMEOUT" || failed=1
  done
  [ "$failed" = 0 ] || echo 'Some deployments could not be rolled back: an operator must fix them.' >&2
}

generate
is_newest || exit 1
declare -A before
for service in $SERVICES; do before[$service]=$(state "$service"); done

if ! roll_out; then
  echo "The roll-out of $IMAGE_TAG failed." >&2
  is_newest && undo
  exit 1
fi
is_newest || exit 1
echo "$IMAGE_TAG is rolled out."
