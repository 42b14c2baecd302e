namespace MiniTorch;

/// <summary>An uninitialised tensor that is freed at the end of a <c>using</c> block; no other tensor may share its memory by then.</summary>
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
