"""Which operations cost no multiply-adds by this course's convention.

Multiply-adds are those of convolutions, linear layers and matrix products. Pointwise arithmetic,
views, reductions, normalisation, pooling, resizing, look-ups and new tensors count as nothing.
What is not named here and has no formula is reported as uncounted, never taken as free.
"""

from __future__ import annotations

from functools import cache

import torch

_NORMS = "batch_norm native_batch_norm _native_batch_norm_legit layer_norm native_layer_norm"
_NORMS += " group_norm native_group_norm instance_norm rms_norm _fused_rms_norm norm renorm"
_NORMS += " _native_batch_norm_legit_no_training _batch_norm_no_update _batch_norm_with_update"
_NORMS += " cudnn_batch_norm miopen_batch_norm _batch_norm_impl_index local_response_norm"
_NORMS += " linalg_vector_norm _weight_norm _weight_norm_interface frobenius_norm nuclear_norm"

_POOLS = " ".join(
    f"{kind}{d}d{tail}"
    for kind in ("max_pool", "avg_pool", "adaptive_avg_pool", "adaptive_max_pool", "_adaptive_avg"
                 "_pool", "fractional_max_pool")
    for d in (1, 2, 3)
    for tail in ("", "_with_indices")
) + " max_unpool2d max_unpool3d mkldnn_max_pool2d"  # fmt: skip

_RESIZES = " ".join(
    f"{aa}upsample_{kind}" for aa in ("", "_", "_aa_")
    for kind in ("nearest1d", "nearest2d", "nearest3d", "nearest_exact1d", "nearest_exact2d",
                 "nearest_exact3d", "linear1d", "bilinear2d", "bicubic2d", "trilinear3d")
) + " _upsample_bilinear2d_aa _upsample_bicubic2d_aa"  # fmt: skip
_RESIZES += " pixel_shuffle pixel_unshuffle channel_shuffle native_channel_shuffle"

_REDUCTIONS = "sum mean amax amin max min prod var std var_mean std_mean logsumexp aminmax all any"
_REDUCTIONS += " argmax argmin nansum nanmean cumsum cumprod cummax cummin logcumsumexp median"
_REDUCTIONS += " nanmedian mode quantile count_nonzero softmax _softmax log_softmax _log_softmax"
_REDUCTIONS += " _safe_softmax softmin glu _cummax_helper _cummin_helper kthvalue diff trace"

_LOOKUPS = "embedding _embedding_bag embedding_bag index index_select gather take take_along_dim"
_LOOKUPS += " scatter scatter_add scatter_reduce index_add index_copy index_fill index_put"
_LOOKUPS += " _unsafe_index _unsafe_index_put _index_put_impl masked_fill masked_select where"
_LOOKUPS += " masked_scatter nonzero topk sort argsort searchsorted bucketize unique _unique2 isin"
_LOOKUPS += " bincount histc msort select_scatter slice_scatter diagonal_scatter one_hot"

_LAYOUT = "cat stack hstack vstack repeat repeat_interleave tile roll flip rot90 pad clone copy"
_LAYOUT += " constant_pad_nd reflection_pad1d reflection_pad2d reflection_pad3d replication_pad1d"
_LAYOUT += " replication_pad2d replication_pad3d contiguous to _to_copy lift lift_fresh"
_LAYOUT += " lift_fresh_copy detach im2col col2im tril triu block_diag meshgrid unbind split chunk"
_LAYOUT += " split_with_sizes resize resize_as set as_strided _unsafe_view _reshape_alias fill"
_LAYOUT += (
    " _reshape_copy view_copy permute_copy expand_copy pin_memory diag_embed diag combinations"
)
_LAYOUT += " unsafe_split unsafe_chunk unsafe_split_with_sizes"
_LAYOUT += " cartesian_prod _pad_packed_sequence _pack_padded_sequence"
_LAYOUT += " expand view reshape squeeze unsqueeze transpose t permute flatten"

_FACTORIES = "empty zeros ones full eye arange linspace logspace range rand randn randint randperm"
_FACTORIES += " empty_like zeros_like ones_like full_like rand_like randn_like randint_like"
_FACTORIES += " new_empty new_zeros new_ones new_full new_empty_strided empty_strided scalar_tensor"
_FACTORIES += " tril_indices triu_indices normal uniform bernoulli multinomial exponential random"
_FACTORIES += " zero dropout native_dropout alpha_dropout feature_dropout rrelu"
_FACTORIES += (
    " rrelu_with_noise hann_window hamming_window _local_scalar_dense item equal is_nonzero"
)

_POINTWISE = "prelu _prelu_kernel addcmul addcdiv lerp clamp clip float_power bitwise_not"
_POINTWISE += " softplus mish silu gelu elu celu selu hardtanh hardshrink softshrink threshold"
_POINTWISE += " mse_loss l1_loss smooth_l1_loss huber_loss binary_cross_entropy nll_loss"
_POINTWISE += " nll_loss_forward nll_loss2d_forward complex polar view_as_real view_as_complex"
_POINTWISE += " fake_quantize_per_tensor_affine fake_quantize_per_channel_affine allclose"
_POINTWISE += " log_sigmoid log_sigmoid_forward floor_divide rsub affine_grid_generator dist"
_POINTWISE += " binary_cross_entropy_with_logits soft_margin_loss multi_margin_loss xlogy heaviside"
_POINTWISE += " multilabel_margin_loss_forward hardswish quantize_per_tensor dequantize gcd lcm"
_POINTWISE += " quantize_per_channel _standard_gamma poisson log_normal geometric cauchy copysign"
_POINTWISE += " unique_consecutive unique_dim nonzero_static index_reduce segment_reduce _unique"
_POINTWISE += " as_strided_scatter _masked_scale _unsafe_masked_index _chunk_cat empty_permuted"
_POINTWISE += " _unsafe_masked_index_put_accumulate _assert_scalar _print _functional_assert_async"
_POINTWISE += (
    " _assert_async _assert_tensor_metadata _linalg_check_errors sym_size sym_numel _foreach_add"
)

_SPARSE = "coalesce _coalesce _coalesced to_sparse _to_sparse to_dense _to_dense values _values"
_SPARSE += " to_sparse_csr to_sparse_csc to_sparse_bsr to_sparse_bsc _to_sparse_csr _to_sparse_csc"
_SPARSE += " _to_sparse_bsr _to_sparse_bsc indices _indices crow_indices col_indices ccol_indices"
_SPARSE += " row_indices sparse_mask sparse_coo_tensor _sparse_coo_tensor_unsafe _nnz sparse_dim"
_SPARSE += " _sparse_coo_tensor_with_dims_and_tensors _sparse_compressed_tensor_unsafe dense_dim"
_SPARSE += " sparse_compressed_tensor sparse_csr_tensor is_coalesced _sparse_coo_tensor_with_dims"
_SPARSE += " _validate_sparse_coo_tensor_args _validate_sparse_compressed_tensor_args"
_SPARSE += " _validate_compressed_sparse_indices _dimI _dimV"

FREE = frozenset(
    " ".join(
        (_SPARSE, _NORMS, _POOLS, _RESIZES, _REDUCTIONS, _LOOKUPS, _LAYOUT, _FACTORIES, _POINTWISE)
    ).split()
)


@cache
def is_free(func: torch._ops.OpOverload) -> bool:
    """Say whether an operation costs no multiply-adds by convention.

    Args:
        func: an operation as PyTorch's dispatcher names it.

    Returns:
        True for PyTorch's own pointwise operations and views, and for the names in `FREE`.
    """
    namespace, _, name = func._schema.name.partition("::")
    if namespace not in ("aten", "prim", "prims"):
        return False
    if torch.Tag.pointwise in func.tags or func.is_view:
        return True
    if name in FREE or (name.endswith("_") and name[:-1] in FREE):
        return True
    return _is_pointwise(name.removesuffix("_").removeprefix("_foreach_"))


def _is_pointwise(name: str) -> bool:
    """Say whether an operation is tagged so; its in-place and list forms sometimes are not."""
    packet = getattr(torch.ops.aten, name, None)
    if packet is None:
        return False
    overloads = (getattr(packet, overload) for overload in packet.overloads())
    return any(torch.Tag.pointwise in overload.tags for overload in overloads)
