#!/usr/bin/env bash
# Builds all images, and pushes them only after all are built. An image that the registry
# has already under this commit's tag is taken instead: a registry with immutable tags refuses it again.
set -euo pipefail

image() { echo "$REGISTRY/equipmgnt-$1:$IMAGE_TAG"; }

# Whether an earlier build of this commit pushed the image. Built from another base, it must not be
# deployed together with those of this build.
taken() {
  local labels
  docker pull --quiet "$(image "$1")" > /dev/null 2>&1 || return 1
  labels=$(docker image inspect --format \
    '{{ index .Config.Labels "org.opencontainers.image.version" }} {{ index .Config.Labels "org.opencontainers.image.base.name" }}' \
    "$(image "$1")")
  [ "$labels" = "$IMAGE_TAG $NODE_IMAGE" ] || {
    echo "$(image "$1") in the registry was built from '$labels', expected '$IMAGE_TAG $NODE_IMAGE'." \
      'Delete the images of this tag, or build another commit.' >&2
    exit 1
  }
  echo "$(image "$1") is taken from the registry."
}

missing=()
for name in $IMAGES; do
  taken "$name" || missing+=("$name")
done
for name in "${missing[@]}"; do
  docker build --build-arg "NODE_IMAGE=$NODE_IMAGE" --build-arg "SERVICE=$name" \
    --build-arg "VERSION=$IMAGE_TAG" --tag "$(image "$name")" .
done
for name in "${missing[@]}"; do
  docker push "$(image "$name")" || taken "$name" || exit 1 # another build was faster
done
