namespace MiniTorch;

/// <summary>A tensor with undefined content that is freed at the end of a <c>using</c> block. By then no other tensor may share its memory.</summary>
internal readonly ref struct TemporaryTensor(Shape shape, DType dtype)
{
    public Tensor Tensor { get; } = Tensor.Empty(shape, dtype);

    public void Dispose()
    {
        if (Tensor.Storage is not NativeStorage storage) return;
        storage.TakeOwnership();
        storage.ReleaseIfUnheld();
    }
}
