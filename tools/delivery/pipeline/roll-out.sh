#!/usr/bin/env bash
# Applies the overlay with the images of this build, and waits until all deployments run them. If one
# fails, all are rolled back: the services are deployed as one commit.
set -euo pipefail

namespace=istio-cb-ns
generated=.local/roll-out

# Prints the new name of a service's image. The overlay may use any registry for the old one.
rename() {
  local service=$1 name
  name=$(kubectl kustomize "$OVERLAY" | sed -nE "s#^ *(- )?image: *(([^ ]*/)?equipmgnt-$service)(:.*)?\$#\2#p" | sort -u)
  [ -n "$name" ] || { echo "$OVERLAY has no image equipmgnt-$service" >&2; return 1; }
  echo "  - { name: $name, newName: $REGISTRY/equipmgnt-$service, newTag: $IMAGE_TAG }"
}

generate() {
  local service
  rm -rf "$generated"
  mkdir -p "$generated"
  {
    printf '%s\n' 'apiVersion: kustomize.config.k8s.io/v1beta1' 'kind: Kustomization'
    printf 'resources: [../../%s]\nimages:\n' "$OVERLAY"
    for service in $SERVICES; do rename "$service"; done
  } > "$generated/kustomization.yaml"
}

revision() {
  kubectl get deployment "$1" --namespace "$namespace" --ignore-not-found \
    --output 'jsonpath={.metadata.annotations.deployment\.kubernetes\.io/revision}'
}

roll_out() {
  local service failed=0
  kubectl apply -k "$generated" || return
  for service in $SERVICES; do
    kubectl rollout status "deployment/$service" --namespace "$namespace" --timeout "$ROLLOUT_TIMEOUT" || failed=1
  done
  return "$failed"
}

# Rolls back only what this run changed. A first deployment has no earlier revision, and stays for
# inspection.
undo() {
  local service failed=0
  for service in $SERVICES; do
    [ -n "${before[$service]}" ] && [ "$(revision "$service")" != "${before[$service]}" ] || continue
    echo "$service is rolled back to revision ${before[$service]}"
    kubectl rollout undo "deployment/$service" --namespace "$namespace" --to-revision "${before[$service]}" &&
      kubectl rollout status "deployment/$service" --namespace "$namespace" --timeout "$ROLLOUT_TIMEOUT" || failed=1
  done
  [ "$failed" = 0 ] || echo 'Some deployments could not be rolled back: an operator must fix them.' >&2
}

generate
declare -A before
for service in $SERVICES; do before[$service]=$(revision "$service"); done

if ! roll_out; then
  echo "The roll-out of $IMAGE_TAG failed." >&2
  undo
  exit 1
fi
echo "$IMAGE_TAG is rolled out."
